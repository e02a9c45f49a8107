// The page of a run that goes on. It has no Raft in it: a click stands for a line of the language, the
// program carries it out, and the page shows what came of that.

/** Slow enough to see a message on its way, quick enough not to wait for a timer. */
const STORY = { messages: 0.005, waiting: 1 };
/** In real time, so much of the run is asked for at once. */
const AHEAD_MS = 60;
/** What the quiz asks of a step: the answers there are, and which of them is right. */
const QUIZ = {
  RequestVote: [["it grants its vote", (marks) => !marks.includes("refused")], ["it refuses", (marks) => marks.includes("refused")]],
  "a vote": [["it becomes leader", (marks) => marks.includes("elected")], ["it goes on campaigning", (marks) => !marks.includes("elected")]],
  AppendEntries: [["it accepts", (marks) => !marks.includes("refused")], ["it refuses", (marks) => marks.includes("refused")]],
  "an answer": [["it commits an entry", (marks) => marks.includes("commit")], ["it commits nothing", (marks) => !marks.includes("commit")]],
};

class Explore {
  constructor() {
    this.run = null;
    this.head = null;
    this.known = { world: 0, moments: 0 };
    this.time = 0;
    this.playing = false;
    this.score = { right: 0, asked: 0 };
    this.cut = new Set();
    this.waiting = Promise.resolve();
    this.viewer = new Viewer({
      why: (panel, run, at, chosen) => this.whyEntry(panel, run, at, chosen),
      looked: (at) => this.looked(at),
      ask: { about: (rule) => this.about(rule), rule: (rule) => this.otherwise(rule), why: (question) => this.why(question), blame: (node, field) => this.blame(node, field) },
    });
    this.viewer.forward = () => (this.viewer.at < this.viewer.end ? this.viewer.goto(this.viewer.at + 1) : this.step());
    const jump = this.viewer.jump.bind(this.viewer);
    this.viewer.jump = (direction) => this.jump(direction, jump);
    this.viewer.showButtons = () => { byId("back").disabled = byId("first").disabled = this.viewer.at === 0; };
    this.viewer.offer(KINDS.filter(([kind]) => kind !== "lost"));
    this.ring = new Ring(byId("ring"), { select: () => this.showSelected(), hover: (id, event) => this.viewer.showTip(id, event) });
    this.listen();
  }

  get atEnd() { return this.viewer.at === this.viewer.end; }

  /** Asks the program. What it does not answer is said once, and everything stays as it is. */
  async post(path, body) {
    try {
      const response = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
      if (!response.ok) throw new Error(await response.text());
      byId("lost").hidden = true;
      return await response.json();
    } catch (error) {
      this.stop();
      byId("lost").hidden = false;
      byId("lost").title = error.message;
      return null;
    }
  }

  /** Lets the program act; one act after the other. `here`: at the moment that is looked at then. Resolves to what it said. */
  act(act, { follow = true, here = false } = {}) {
    const acted = this.waiting.then(async () => {
      this.withdraw();
      byId("kept").textContent = "";
      const told = await this.post("do", { known: this.known, at: here ? this.viewer.at : null, ...act });
      if (told) this.take(told, follow);
      return told;
    });
    this.waiting = acted.catch(() => {});
    return acted;
  }

  /** Takes in what the program said. */
  take(told, follow) {
    if (told.heading) {
      this.run = new Run({ ...told.heading, moments: [], messages: [], properties: [], violations: [], left_out: null });
      this.ring.forget();
      document.title = `${this.run.title} – explore`;
      if (byId("new-rule").options.length === 1) byId("new-rule").append(...Object.keys(told.heading.rules).map((rule) => element("option", { value: rule }, rule)));
    }
    const { run } = this;
    run.grow(told.moments, told.messages);
    if (told.violations) {
      Object.assign(run, { properties: told.properties, violations: told.violations });
      for (const { step } of told.violations) {
        const moment = run.moments[run.ofStep.get(step) ?? run.length - 1];
        if (!moment.marks.includes("fell")) moment.marks.push("fell");
      }
    }
    this.known = { world: told.world, moments: run.length };
    this.head = told;
    this.flights = new Map(told.flights.map((flight) => [flight.id, flight]));
    this.viewer.use(run);
    this.complain(told.complaint);
    byId("said").hidden = told.said.length === 0;
    byId("said").textContent = told.said.join("\n");
    byId("manual").checked = told.manual;
    this.showLines();
    if (follow || this.viewer.at > this.viewer.end || told.heading) {
      this.time = told.now;
      this.viewer.goto(this.viewer.end);
    }
  }

  complain(complaint) {
    byId("complaint").hidden = !complaint;
    byId("complaint").textContent = complaint ?? "";
  }

  /** A line of the language, at the moment that is looked at. Says whether it was carried out. */
  async line(line) {
    this.stop();
    const told = await this.act({ act: "line", line }, { here: true });
    const done = Boolean(told) && !told.complaint;
    if (done && told.said.length === 0) byId("kept").textContent = `done: ${line}`;
    return done;
  }

  async step() {
    const [before, predicts] = [this.run.length, byId("predict").checked];
    const told = await this.act({ act: "line", line: "step" }, { follow: !predicts, here: true });
    if (told && predicts) this.predict(before);
  }

  async jump(direction, jump) {
    const kind = byId("kind").value;
    if (direction < 0 || this.run.marked(this.viewer.at, kind, 1) !== null) {
      jump(direction);
      return;
    }
    const before = this.viewer.end;
    const told = await this.act({ act: "until", mark: kind });
    const to = told && this.run.marked(before, kind, 1);
    if (to) this.viewer.goto(to);
  }

  // The moment that is looked at.

  looked(at) {
    const { run, head } = this;
    if (!this.playing) this.time = this.atEnd ? head.now : run.moments[at].time;
    byId("past").hidden = this.atEnd || this.playing;
    byId("past-text").textContent = `This is moment ${at + 1} of ${run.length}. What you do now begins a branch here.`;
    this.cut = new Set(run.cuts[at].map(([from, to]) => `${from},${to}`));
    const states = run.states[at];
    this.ring.draw({ states, cut: this.cut, crashes: this.atEnd ? head.crashes : null });
    this.longest = states.map((state) => (state.role === "leader" ? run.heartbeat_us : run.election_us));
    this.actOnFlight();
    this.move();
    this.showSelected();
  }

  /** The messages in flight now can be acted on from their list, too. */
  actOnFlight() {
    for (const item of byId("flight").querySelectorAll("li")) {
      const id = Number(item.dataset.message);
      item.prepend(element("button", { type: "button", class: "link", onclick: () => this.ring.choose({ message: id }) }, "choose"), " ");
    }
  }

  /** What is drawn of this time: timers, and messages on their way. */
  move() {
    const { run, head, time } = this;
    const at = this.viewer.at;
    const live = this.atEnd || this.playing;
    const timers = live ? head.timers.map((ends) => (ends === null ? null : ends - time)) : head.timers.map(() => null);
    const lanes = new Map();
    const flying = [];
    for (const message of this.flying(at)) {
      const begins = run.moments[message.sent].time;
      const due = this.endsAt(message);
      const share = due === null || due <= begins ? 0.5 : Math.min(Math.max((time - begins) / (due - begins), 0.04), 0.96);
      const way = `${message.from},${message.to},${due === null || !live ? "" : due}`;
      const lane = lanes.get(way) ?? 0;
      lanes.set(way, lane + 1);
      flying.push({ ...message, share, lane: Math.min(lane, 5), delivered: this.flights.get(message.id)?.delivered });
    }
    this.ring.move(timers, this.longest, flying);
  }

  flying(at) {
    const { run } = this;
    if (this.playing) return this.moving.filter((message) => run.moments[message.sent].time <= this.time && (this.endsAt(message) ?? Infinity) > this.time);
    if (!this.atEnd) return run.inFlight(at);
    return this.head.flights.map(({ id }) => run.byId.get(id)).filter(Boolean);
  }

  /** When a message arrives or was lost; null for one that waits to be delivered by name. */
  endsAt(message) {
    const flight = this.flights.get(message.id);
    if (flight) return flight.due;
    const end = endOf(message);
    return end === Infinity ? null : this.run.moments[end].time;
  }

  // Playing.

  play() {
    if (this.playing) return this.stop();
    this.playing = true;
    byId("play").textContent = "❚❚ pause";
    byId("play").setAttribute("aria-pressed", "true");
    this.time = this.atEnd ? this.head.now : this.run.moments[this.viewer.at].time;
    this.moving = this.run.messages.filter((message) => (this.endsAt(message) ?? Infinity) >= this.time);
    this.drawn = performance.now();
    this.frames = [];
    requestAnimationFrame((now) => this.frame(now));
    return undefined;
  }

  stop() {
    if (!this.playing) return;
    this.playing = false;
    byId("play").textContent = "▶ play";
    byId("play").setAttribute("aria-pressed", "false");
    this.viewer.goto(this.viewer.at);
    // While time passed, nothing was checked that takes as long as the logs are.
    this.act({ act: "look" }, { follow: false });
  }

  /** Microseconds of the run in one of ours. */
  speed() {
    const chosen = byId("speed").value;
    if (chosen !== "story") return Number(chosen);
    return this.flying(this.viewer.at).some((message) => this.endsAt(message) !== null) ? STORY.messages : STORY.waiting;
  }

  frame(now) {
    if (!this.playing) return;
    this.frames.push(now - this.drawn);
    const passed = Math.min(now - this.drawn, 100) * 1000 * this.speed();
    this.drawn = now;
    this.time = Math.min(this.time + passed, this.head.now);
    const { run, viewer } = this;
    let at = viewer.at;
    while (at < viewer.end && run.moments[at + 1].time <= this.time) at += 1;
    if (at !== viewer.at) viewer.goto(at, false);
    else this.move();
    if (this.time >= this.head.now && viewer.at === viewer.end && !this.asking) this.more();
    requestAnimationFrame((next) => this.frame(next));
  }

  /** Asks for as many events as are shown soon. */
  async more() {
    this.asking = true;
    const until = this.head.now + AHEAD_MS * 1000 * this.speed();
    const due = this.head.flights.filter((flight) => flight.due !== null && flight.due <= until).length;
    const told = await this.act({ act: "pass", events: Math.max(due, 1) }, { follow: false });
    const begin = this.time;
    this.moving = this.run.messages.filter((message) => (this.endsAt(message) ?? Infinity) >= begin);
    this.asking = false;
    if (!told || told.complaint) this.stop();
  }

  // What is chosen, and what can be done with it.

  showSelected() {
    const { ring } = this;
    const what = ring.selected;
    // The second click of a double click would meet the button that has come in the place of the first.
    const button = (text, line) => element("button", { type: "button", title: line, onclick: (event) => { if (event.detail < 2) this.line(line); } }, text);
    const box = byId("selected");
    const had = box.contains(document.activeElement) ? document.activeElement.title : null;
    for (const shape of ring.nodes.children) {
      const picked = what?.node === Number(shape.dataset.node);
      shape.classList.toggle("selected", picked);
      shape.setAttribute("aria-pressed", picked ? "true" : "false");
    }
    if (!what) {
      box.replaceChildren(element("p", { class: "hint" }, "Choose a node or a message, or drag from one node to another. Space plays, → lets the next event happen."));
    } else if (what.node !== undefined) {
      box.replaceChildren(...this.nodeActions(what.node, button));
    } else if (what.link) {
      const [a, b] = what.link;
      box.replaceChildren(element("h3", {}, `The link between n${a} and n${b}`), element("div", { class: "row" },
        button("cut both ways", `cut ${a} <-> ${b}`), button(`cut n${a} → n${b}`, `cut ${a} -> ${b}`), button(`cut n${b} → n${a}`, `cut ${b} -> ${a}`),
        button("lose half", `drop 50% of ${a} <-> ${b}`), button("slow", `delay 100ms..300ms of ${a} <-> ${b}`)));
    } else {
      box.replaceChildren(...this.messageActions(what.message, button));
    }
    // Who is at the keyboard stays among these buttons.
    if (had !== null) ([...box.querySelectorAll("button")].find((it) => it.title === had) ?? box.querySelector("button"))?.focus();
  }

  nodeActions(node, button) {
    const state = this.run.states[this.viewer.at][node];
    const acts = [];
    if (!state.up) acts.push(button("restart", `restart ${node}`));
    else if (state.paused) acts.push(button("resume", `resume ${node}`), button("crash", `crash ${node}`));
    else {
      acts.push(state.role === "leader" ? button("heartbeat", `heartbeat ${node}`) : button("end its timer", `timeout ${node}`));
      acts.push(button("crash", `crash ${node}`), button("crash before it saves", `crash ${node} before save`), button("crash before it sends", `crash ${node} before send`), button("pause", `pause ${node}`));
    }
    acts.push(button("cut it off", `cut ${node}`));
    if (!state.up) acts.push(button("lose its disk", `wipe ${node}`));
    const others = this.run.states[0].map((_, other) => other).filter((other) => other !== node);
    const link = element("select", { "aria-label": `A link of n${node}`, onchange: (event) => { if (event.target.value) this.ring.choose({ link: [node, Number(event.target.value)] }); } },
      element("option", { value: "" }, "its link to …"), ...others.map((other) => element("option", { value: other }, `n${other}`)));
    const command = element("input", { id: "command", value: this.command ?? "SET x=1", "aria-label": "A client's command", autocomplete: "off", spellcheck: "false" });
    const ask = element("form", { class: "row", onsubmit: (event) => { event.preventDefault(); this.command = command.value; this.line(`submit to ${node} ${command.value}`); } },
      element("label", {}, "a client asks: ", command), element("button", { type: "submit", title: `submit to ${node}` }, "propose"),
      element("button", { type: "button", title: `submit to ${node} GET x`, onclick: () => this.line(`submit to ${node} GET x`) }, "read x"));
    return [element("h3", {}, `n${node}: ${standing(state)}, term ${state.term}`), element("div", { class: "row" }, ...acts, others.length > 0 ? link : null), state.up ? ask : null].filter(Boolean);
  }

  messageActions(id, button) {
    const message = this.run.byId.get(id);
    if (!message) return [];
    const title = [element("h3", {}, nameOf(message)), element("p", { class: "hint" }, message.says)];
    const flight = this.atEnd ? this.flights.get(id) : null;
    if (!this.atEnd) return [...title, element("p", { class: "hint" }, "To act on it, go on from here first.")];
    if (!flight) return [...title, element("p", { class: "hint" }, "It is not on its way any more.")];
    if (!flight.name) return [...title, element("p", { class: "hint" }, "Another of the same kind on the same way comes before it; act on that one first.")];
    const waits = flight.due === null;
    return [...title, element("div", { class: "row" },
      button(flight.delivered ? "deliver it again" : "deliver", `deliver ${flight.name}`), waits ? null : button("hold back", `hold ${flight.name}`),
      waits ? null : button("duplicate", `duplicate ${flight.name}`), button("drop", `drop ${flight.name}`))];
  }

  /** Who stays together: a form in place of what is chosen. */
  showSplit() {
    const groups = element("input", { value: this.groups ?? halves(this.run.nodes), "aria-label": "Groups of nodes, with | between them", autocomplete: "off" });
    byId("selected").replaceChildren(element("h3", {}, "Which nodes stay together?"), element("form", { class: "row", onsubmit: (event) => {
      event.preventDefault();
      this.groups = groups.value;
      this.line(`partition ${groups.value}`);
    } }, groups, element("button", { type: "submit" }, "split")));
    groups.focus();
    groups.select();
  }

  // Lines.

  showLines() {
    const { lines, tip, planned, done } = this.head;
    const way = [];
    for (let line = tip; line !== null; line = lines[line].parent) way.unshift(line);
    const children = (parent) => lines.map((line, nth) => nth).filter((nth) => lines[nth].parent === parent);
    const leaf = (line) => {
      const below = children(line);
      return below.length > 0 ? leaf(below[below.length - 1]) : line;
    };
    const branches = (parent, own) => {
      const others = children(parent).filter((child) => child !== own);
      return others.map((other) => element("button", { type: "button", class: "link branch", title: "Go to this branch; this one stays", onclick: () => this.goTo(leaf(other)) }, `or: ${lines[other].text}`));
    };
    byId("lines").replaceChildren(...way.map((line, nth) => element("li", { class: line === tip ? "tip" : lines[line].text.startsWith("try ") ? "failed" : "" },
      element("button", { type: "button", class: "link plain", title: "Look at the moment behind this line", onclick: () => this.viewer.goto(lines[line].moment) }, lines[line].text),
      ...branches(nth > 0 ? way[nth - 1] : null, line))));
    const after = branches(tip, null);
    if (after.length > 0) byId("lines").append(element("li", { class: "hint" }, "undone: ", ...after));
    byId("lines").scrollTop = byId("lines").scrollHeight;
    byId("undo").disabled = tip === null;
    byId("redo").disabled = after.length === 0;
    const left = planned.slice(done);
    byId("planned").hidden = left.length === 0;
    byId("planned").replaceChildren(
      element("div", { class: "row" }, `${left.length} lines of the scenario are left: `,
        element("button", { type: "button", id: "next-line", title: "Carry the next line out", onclick: () => this.act({ act: "next" }) }, "next line"),
        element("button", { type: "button", id: "rest", title: "Carry out all that is left", onclick: () => this.act({ act: "rest" }) }, "all")),
      ...left.slice(0, 4).map((text, nth) => element("div", { class: nth === 0 ? "next" : "" }, text)),
      left.length > 4 ? "…" : "");
  }

  goTo(line) {
    this.stop();
    return this.act({ act: "go-to", line });
  }

  /** The lines up to the last, as a scenario has them; nothing, if the program does not answer. */
  async script() {
    try {
      const response = await fetch("scenario.raft");
      return response.ok ? await response.text() : null;
    } catch {
      return null;
    }
  }

  // Why.

  async whyEntry(panel, run, at, chosen) {
    panel.hidden = !chosen;
    if (!chosen) return;
    const state = run.states[at][chosen.node];
    const question = `${chosen.index <= state.commit ? "" : "not "}committed ${chosen.index} on ${chosen.node}`;
    panel.replaceChildren(...whyPanel(run, at, chosen, []));
    if (this.playing || !state.last || state.last.index < chosen.index) return;
    const told = await this.post("why", { question, moment: at });
    if (!told || this.viewer.at !== at || this.viewer.chosen !== chosen) return;
    panel.replaceChildren(...whyPanel(run, at, chosen, told.answer ?? [["finding", told.complaint]]));
    panel.scrollIntoView({ block: "nearest" });
  }

  async why(typed) {
    const moment = this.viewer.at;
    const nobody = /^(no leader|(is|does) (there no|no|nobody)\b.*)\??$/.test(typed.trim());
    const question = nobody ? `not leader ${this.likeliest()}` : typed;
    const told = await this.post("why", { question, moment });
    if (!told) return;
    this.answer(`why ${question}?`, (told.answer ?? [["finding", told.complaint]]).map(([kind, text]) => element("p", { class: `told ${kind}` }, text)));
  }

  /** What a rule says, and where the paper says it. */
  about(rule) {
    const [statement, paper] = this.run.rules[rule];
    this.answer(`${rule}, ${paper}`, [element("p", { class: "told" }, statement), element("p", { class: "hint" }, `'raft-node rules ${rule}' says what it protects, where it is enforced, and how to break it.`)]);
  }

  /** Who would lead, if anyone did: a candidate of the highest term, or else a node that is up. */
  likeliest() {
    const states = this.run.states[this.viewer.at].map((state, node) => ({ ...state, node }));
    const up = states.filter((state) => state.up);
    const candidates = up.filter((state) => state.role === "candidate");
    const best = (candidates.length > 0 ? candidates : up).sort((a, b) => b.term - a.term)[0];
    return best?.node ?? 0;
  }

  async blame(node, field) {
    const told = await this.post("blame", { node, field, moment: this.viewer.at });
    if (!told) return;
    const { run } = this;
    const at = run.ofStep.get(told.since);
    const since = told.complaint ? [told.complaint]
      : at === undefined ? ["It has been so from the beginning."]
      : ["It has been so since ", element("button", { type: "button", class: "link", onclick: () => this.viewer.goto(at) }, `step ${told.since}`), `: ${run.moments[at].title}.`];
    const reasons = at === undefined ? [] : run.moments[at].lines.map(([kind, text, rule]) => element("p", { class: `told ${kind}` }, rule ? `${kind} ${rule}: ${text}` : text));
    this.answer(`${field} of n${node}`, [element("p", {}, ...since), ...reasons]);
  }

  answer(title, parts) {
    byId("answered").replaceChildren(element("h3", {}, title), ...parts);
    byId("answered").scrollIntoView({ block: "nearest" });
  }

  // The same run with a rule the other way.

  async otherwise(rule) {
    this.stop();
    const told = await this.post("otherwise", { rule });
    if (!told) return;
    const box = byId("otherwise");
    box.hidden = false;
    const close = element("button", { type: "button", class: "link", onclick: () => { box.hidden = true; } }, "close");
    const renew = element("button", { type: "button", class: "link", title: "With the lines that have come since", onclick: () => this.otherwise(rule) }, "again");
    const isBroken = this.run.about.some((text) => text.startsWith("Broken:") && text.includes(rule));
    const head = element("h2", {}, `The same lines ${isBroken ? "with" : "without"} ${rule}, up to step ${this.run.steps} `, renew, " ", close);
    const failed = told.failed > 0 ? [element("p", { class: "hint" }, `${told.failed} of the lines could not be carried out there.`)] : [];
    if (told.parts_in === null) {
      box.replaceChildren(head, element("p", {}, "Nothing is different: so far this rule has decided nothing."), ...failed);
      return;
    }
    const side = (name, lines) => element("div", {}, element("h3", {}, name), ...lines.map((text) => element("p", { class: "told" }, text)));
    const heads = element("div", { class: "other-heads", "aria-hidden": "true" });
    const other = element("div", { class: "other", tabindex: 0, role: "group", "aria-label": "The other run" });
    const at = this.run.ofStep.get(told.parts_in);
    const look = element("button", { type: "button", class: "link", onclick: () => this.viewer.goto(at ?? this.viewer.end) }, `step ${told.parts_in}`);
    const fell = told.other.violations.length === 0 ? [element("p", {}, "No property has fallen there so far.")] : told.other.violations.map(({ step, text }) => element("p", { class: "told fell" }, `step ${step}: ✗ ${text}`));
    box.replaceChildren(head, element("p", {}, "The two part in ", look, "."),
      element("div", { class: "side-by-side" }, side("Here", told.here), side("There", told.there)), ...fell, ...failed, heads, other);
    const run = new Run(told.other);
    const diagram = new Diagram(other, heads, { choose: (to) => diagram.goto(to), hover: () => {} });
    diagram.show(run);
    diagram.goto(run.ofStep.get(told.parts_in) ?? run.length - 1);
    if (at !== undefined) this.viewer.goto(at);
    box.scrollIntoView({ block: "nearest" });
  }

  // Predict.

  /** Asks what will happen in the step that has come, before it is shown. */
  predict(before) {
    const { run } = this;
    const at = run.moments.findIndex((moment, nth) => nth >= before && moment.got !== null);
    const message = at < 0 ? null : run.byId.get(run.moments[at].got);
    const answers = message && QUIZ[{ vote: message.reply ? "a vote" : "RequestVote", append: message.reply ? "an answer" : "AppendEntries" }[message.kind]];
    // Whom no answer can move has nothing to decide.
    const asked = answers && run.states[at - 1][message.to];
    const decides = asked && (!message.reply || asked.role === (message.kind === "vote" ? "candidate" : "leader"));
    if (!decides) {
      this.viewer.goto(this.viewer.end);
      return;
    }
    this.viewer.diagram.hideFrom(at);
    const box = byId("question");
    box.hidden = false;
    const { marks, title } = run.moments[at];
    const choose = (right) => {
      this.score.asked += 1;
      this.score.right += right ? 1 : 0;
      this.viewer.diagram.hideFrom(Infinity);
      byId("score").textContent = `${this.score.right} of ${this.score.asked} right`;
      box.replaceChildren(element("p", {}, right ? "✓ Right." : `✗ No: ${answers.find(([, holds]) => holds(marks))[0]}.`, " Below is why."));
      this.viewer.goto(at);
    };
    box.replaceChildren(element("h3", {}, `${title}. What happens?`), element("p", {}, `${message.says}.`),
      element("div", { class: "row" }, ...answers.map(([text, holds]) => element("button", { type: "button", onclick: () => choose(holds(marks)) }, text))));
    box.querySelector("button").focus();
  }

  /** Whoever does something else will not answer. */
  withdraw() {
    byId("question").hidden = true;
    this.viewer.diagram.hideFrom(Infinity);
  }

  // What else can be pressed.

  listen() {
    const click = (id, act) => { byId(id).onclick = act; };
    click("play", () => this.play());
    click("undo", () => { this.stop(); this.act({ act: "undo" }); });
    click("redo", () => { this.stop(); this.act({ act: "redo" }); });
    click("heal", () => this.line("heal"));
    click("split", () => this.showSplit());
    click("to-end", () => this.viewer.goto(this.viewer.end));
    click("go-on", () => { this.stop(); this.act({ act: "fork" }, { here: true }); });
    byId("manual").onchange = (event) => this.line(event.target.checked ? "manual" : "automatic");
    byId("predict").onchange = () => this.withdraw();
    byId("typed").onsubmit = async (event) => {
      event.preventDefault();
      const typed = byId("line").value;
      // What was refused stays, to be mended.
      const asks = /^\s*why\b(.*)$/.exec(typed);
      if (asks) this.why(asks[1].trim());
      if (asks || await this.line(typed)) byId("line").value = "";
    };
    byId("line").oninput = (event) => this.complete(event.target.value);
    byId("asked").onsubmit = (event) => { event.preventDefault(); this.why(byId("why-line").value); };
    click("copy-lines", async () => {
      // Without the program there are still the lines that the page shows.
      const script = await this.script() ?? this.head.lines.map(({ text }) => text).join("\n");
      this.copy(script, "The lines are copied.");
    });
    click("copy-link", async () => {
      const script = await this.script();
      if (script !== null) this.copy(`#run=${encodeURIComponent(script)}`, "Copied: who runs 'raft-cluster explore' can paste it behind 'open', or behind the address, or give it to the command in quotes.");
    });
    byId("scenario").onchange = (event) => {
      if (event.target.value) this.open(event.target.value);
      event.target.value = "";
    };
    byId("link").onsubmit = (event) => { event.preventDefault(); this.open(byId("link-text").value.trim()); };
    byId("file").onchange = async (event) => {
      const [file] = event.target.files;
      if (file) await this.replace(async () => ({ name: file.name, text: await file.text() }));
      event.target.value = "";
    };
    byId("new").onsubmit = async (event) => {
      event.preventDefault();
      const rule = byId("new-rule").value;
      const lines = ["shows A session in the browser.", `nodes ${byId("new-nodes").value}`, `no-op ${byId("new-no-op").checked ? "on" : "off"}`, rule && `break ${rule}`];
      await this.replace(async () => ({ name: "explore", text: lines.filter(Boolean).join("\n") }));
    };
    click("quit", async () => {
      const [button, sure] = [byId("quit"), "sure? press again"];
      if (button.textContent !== sure) button.textContent = sure;
      else if (await this.post("end", {})) byId("lost").hidden = false;
    });
    addEventListener("keydown", (event) => {
      if (event.key !== " " || event.target.matches("select, input, textarea, button, summary, a, [role=button]")) return;
      event.preventDefault();
      this.play();
    });
    addEventListener("hashchange", () => this.follow());
  }

  async complete(typed) {
    const begun = typed.slice(0, typed.search(/\S*$/));
    if (this.begun === begun) return;
    this.begun = begun;
    const told = await this.post("complete", { line: begun });
    if (told) byId("words").replaceChildren(...told.words.map((word) => element("option", { value: `${begun}${word}` })));
  }

  async copy(text, said) {
    try {
      await navigator.clipboard.writeText(text);
      byId("kept").textContent = said;
    } catch {
      // Without leave to copy it is shown, to be copied by hand.
      byId("said").hidden = false;
      byId("said").textContent = text;
      byId("kept").textContent = "The browser does not let the page copy; here it is.";
    }
  }

  async open(name) {
    const link = /#run=(.*)$/.exec(name);
    let text = null;
    try {
      text = link && decodeURIComponent(link[1]);
    } catch {
      this.complain("this is no link of a run; it may have been cut");
      return;
    }
    await this.replace(async () => (link ? { name: "link", text } : { name }));
  }

  /** Opens what is `wanted` in place of this session, of which the lines up to its tip can be had back. */
  async replace(wanted) {
    const [title, had] = [this.run.title, this.head.lines.length > 0 ? await this.script() : null];
    const told = await this.post("open", await wanted());
    if (!told) return;
    if (told.complaint) {
      this.complain(told.complaint);
      return;
    }
    await this.opened();
    if (had === null) return;
    const back = async () => {
      await this.replace(async () => ({ name: title, text: had }));
      await this.act({ act: "rest" });
    };
    byId("kept").replaceChildren(`In place of '${title}'. `, element("button", { type: "button", class: "link", id: "had", onclick: back }, "back to that"));
  }

  async opened() {
    this.stop();
    this.ring.selected = null;
    this.viewer.chosen = null;
    byId("otherwise").hidden = byId("question").hidden = true;
    byId("answered").replaceChildren();
    await this.act({ act: "look" });
  }

  /** The address may hold a run, or a step. */
  async follow() {
    if (location.hash.startsWith("#run=")) {
      const hash = location.hash;
      history.replaceState(null, "", location.pathname);
      await this.open(hash);
    } else this.viewer.follow(location.hash);
  }

  async begin() {
    const { hash } = location;
    await this.act({ act: "look" });
    if (!this.run || !hash) return;
    history.replaceState(null, "", hash);
    await this.follow();
  }
}

function halves(nodes) {
  const all = Array.from({ length: nodes }, (_, node) => node);
  return `${all.slice(0, nodes >> 1).join(" ")} | ${all.slice(nodes >> 1).join(" ")}`;
}

const explore = new Explore();
explore.begin();
