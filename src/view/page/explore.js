// The page of a run in progress. It contains no Raft: a click stands for a line of the language, the
// program carries it out, and the page shows the result.

class Explore {
  constructor() {
    this.run = null;
    this.head = null;
    this.known = { world: 0, moments: 0, clients: 0, changes: 0 };
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
    this.viewer.forward = () => this.forward();
    const jump = this.viewer.jump.bind(this.viewer);
    this.viewer.jump = (direction) => this.jump(direction, jump);
    this.viewer.showButtons = () => { byId("back").disabled = byId("first").disabled = this.viewer.at === 0; };
    this.viewer.offer(KINDS);
    this.ring = new Ring(byId("ring"), { select: () => this.showSelected(), hover: (id, event) => this.viewer.showTip(id, event) });
    this.listen();
  }

  get atEnd() { return this.viewer.at === this.viewer.end; }

  /** How many lines of the scenario are left. While there are any, the run goes on by them. */
  get left() { return this.head.planned.length - this.head.done; }

  /** Whether nothing more comes by itself: manual control, with no line left. */
  get still() { return this.atEnd && this.left === 0 && this.head.manual; }

  /** What an answer can be about: the moment that is shown, or the whole run as it now is. */
  get moment() { return `${this.known.world} at ${this.viewer.at}`; }
  get whole() { return `${this.known.world} of ${this.run.length}`; }

  /** Asks the program. What it refuses or does not answer is said once, and everything stays as it is. */
  async post(path, body) {
    try {
      const response = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
      if (response.status >= 500) throw new Error(await response.text());
      byId("lost").hidden = true;
      if (response.ok) return await response.json();
      this.stop();
      this.complain(await response.text());
      return null;
    } catch (error) {
      this.stop();
      byId("lost").hidden = false;
      byId("lost").title = error.message;
      return null;
    }
  }

  /** Lets the program act, one act after the other; resolves to its answer. `here`: at the moment shown then. */
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

  /** Takes in an answer of the program. */
  take(told, follow) {
    if (told.heading) {
      this.run = new Run({ ...told.heading, moments: [], messages: [], properties: [], violations: [], leaders: [], clients: [], left_out: null });
      this.ring.forget();
      document.title = `${this.run.title} – explore`;
      if (byId("new-rule").options.length === 1) byId("new-rule").append(...Object.keys(told.heading.rules).map((rule) => element("option", { value: rule }, rule)));
    }
    const { run } = this;
    run.grow(told.moments, told.messages);
    if (told.violations) {
      const { properties, violations, leaders } = told;
      const clients = [...run.clients.slice(0, told.clients_from), ...told.clients];
      Object.assign(run, { properties, violations, leaders, clients });
      for (const { step } of told.violations) {
        const moment = run.moments[run.ofStep.get(step) ?? run.length - 1];
        if (!moment.marks.includes("violated")) moment.marks.push("violated");
      }
    }
    // While the page plays, it is told nothing of clients.
    const clients = told.violations ? run.length : told.heading ? 0 : this.known.clients;
    this.known = { world: told.world, moments: run.length, clients, changes: told.changes };
    // What the page has been told of the lines is not told again.
    const { lines, planned } = told.heading ? { lines: [], planned: told.planned } : this.head;
    this.head = { ...told, lines: [...lines.slice(0, told.lines_from), ...told.lines], planned };
    this.flights = new Map(told.flights.map((flight) => [flight.id, flight]));
    this.viewer.use(run);
    if (told.manual) byId("about").append(" Manual control: no timer ends and no message arrives until you say so.");
    this.complain(told.complaint);
    byId("manual").checked = told.manual;
    this.showLines();
    if (follow || this.viewer.at > this.viewer.end || told.heading) {
      this.time = told.now;
      this.viewer.goto(this.viewer.end);
    }
    byId("said").hidden = told.said.length === 0;
    if (told.said.length > 0) this.showAnswer(byId("said"), this.moment, told.said.join("\n"));
  }

  complain(complaint) {
    byId("complaint").hidden = !complaint;
    byId("complaint").textContent = complaint ?? "";
  }

  /** Carries out a line of the language at the moment that is shown. Resolves to whether that succeeded. */
  async line(line) {
    this.stop();
    const told = await this.predicted({ act: "line", line }, { here: true });
    const done = Boolean(told) && !told.complaint;
    if (done && told.said.length === 0) byId("kept").textContent = `done: ${line}`;
    return done;
  }

  /** Acts. While the user predicts, what comes of it is shown only up to the first question. */
  async predicted(act, options) {
    const [from, predicts] = [this.viewer.at + 1, byId("predict").checked];
    const told = await this.act(act, { ...options, follow: !predicts });
    if (told && predicts) this.predict(from);
    return told;
  }

  /** Goes one moment on, or lets the next event happen. A second time it goes past a question. */
  forward() {
    const next = this.viewer.at + 1;
    if (next < this.run.length) {
      if (byId("predict").checked && this.asked !== next && this.questionOf(next)) this.askBefore(next);
      else this.viewer.goto(next);
    } else if (!this.still) this.predicted({ act: "on" });
  }

  async jump(direction, jump) {
    const kind = byId("kind").value;
    if (direction < 0 || this.run.marked(this.viewer.at, kind, 1) !== null) {
      jump(direction);
      return;
    }
    if (kind === "phase" && this.left === 0) {
      this.complain("only the lines of a scenario begin a part of the story, and none are left");
      return;
    }
    const before = this.viewer.end;
    const told = await this.act({ act: "until", mark: kind });
    const to = told && this.run.marked(before, kind, 1);
    if (to) this.viewer.goto(to);
  }

  // The moment that is shown.

  looked(at) {
    const { run, head } = this;
    this.dropAnswers();
    // What comes later would answer the questions.
    this.viewer.diagram.hideFrom(byId("predict").checked ? at + 1 : Infinity);
    if (!this.playing) this.time = this.atEnd ? head.now : run.moments[at].time;
    byId("past").hidden = this.atEnd || this.playing;
    const whole = this.wholeLineAt(at);
    const then = whole ? `The line '${whole}' cannot be divided: what you do now comes after it.` : "What you do now begins a branch here.";
    byId("past-text").textContent = `This is moment ${at + 1} of ${run.length}. ${then}`;
    byId("go-on").textContent = whole ? "continue after it" : "continue from here";
    this.cut = new Set(run.cuts[at].map(([from, to]) => `${from},${to}`));
    const states = run.states[at];
    this.ring.draw({ states, cut: this.cut, crashes: this.atEnd ? head.crashes : null });
    this.longest = states.map((state) => (state.role === "leader" ? run.heartbeat_us : run.election_us));
    this.actOnFlight();
    this.move();
    this.showSelected();
    this.showOnward();
  }

  /** Says what → and playing do at the moment that is shown. */
  showOnward() {
    const told = this.still ? "Nothing comes by itself: untick 'manual' to let it run."
      : !this.atEnd ? "→ shows the next moment, space plays on from here."
      : this.left > 0 ? "→ carries out the next line of the scenario, space all that are left."
      : "→ lets the next event happen, space one after the other.";
    byId("onward").textContent = byId("next").title = byId("play").title = told;
    byId("next").disabled = this.still;
    byId("play").disabled = this.still && !this.playing;
  }

  /** The line that has this moment in it, if no branch can begin there. */
  wholeLineAt(at) {
    const { lines, tip } = this.head;
    for (let line = tip; line !== null; line = lines[line].parent) {
      const { text, parent, moment, whole } = lines[line];
      const begins = parent === null ? 0 : lines[parent].moment;
      if (whole && begins < at && at < moment) return text;
    }
    return null;
  }

  /** Adds a button to each message in the list of those in flight, so that it can be chosen there too. */
  actOnFlight() {
    for (const item of byId("flight").querySelectorAll("li")) {
      const id = Number(item.dataset.message);
      item.prepend(element("button", { type: "button", class: "link", onclick: () => this.ring.choose({ message: id }) }, "choose"), " ");
    }
  }

  /** Draws what moves at this time: timers, and messages in flight. */
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

  /** When a message arrives, arrived or was lost; null for one that waits to be delivered by name. */
  endsAt(message) {
    const flight = this.flights.get(message.id);
    if (flight) return flight.due;
    const end = endOf(message);
    return end === Infinity ? null : this.run.moments[end].time;
  }
}
