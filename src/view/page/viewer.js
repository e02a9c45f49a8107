// The moment that is shown, and all the ways to choose another.

const KINDS = [
  ["commit", "commit"],
  ["campaign", "campaign"],
  ["elected", "leader elected"],
  ["stepped-down", "leader steps down"],
  ["refused", "refusal"],
  ["truncated", "entries deleted"],
  ["crash", "crash or restart"],
  ["client", "client asked or told"],
  ["phase", "part of the story"],
  ["overridden", "broken rule"],
  ["violated", "violated property"],
];

class Viewer {
  /**
   * `why` fills the panel with the answer to why for the chosen entry. `looked` is called after each moment is
   * shown. `ask` asks the program about a node or a rule; null if there is no program to ask.
   */
  constructor({ why, looked = () => {}, ask = null }) {
    this.why = why;
    this.looked = looked;
    this.ask = ask;
    this.at = 0;
    this.chosen = null;
    this.diagram = new Diagram(byId("diagram"), byId("columns"), {
      choose: (to) => this.goto(to),
      hover: (id, event) => this.showTip(id, event),
    });
    byId("legend").replaceChildren(...legend());
    byId("scrubber").oninput = () => this.goto(Number(byId("scrubber").value));
    const buttons = {
      first: () => this.goto(0), back: () => this.goto(this.at - 1), next: () => this.forward(), last: () => this.goto(this.end),
      "next-kind": () => this.jump(1), "previous-kind": () => this.jump(-1),
      closer: () => this.diagram.zoom(1.3), wider: () => this.diagram.zoom(1 / 1.3),
    };
    for (const [id, act] of Object.entries(buttons)) byId(id).onclick = act;
    addEventListener("keydown", (event) => this.pressed(event));
  }

  get end() { return this.run.length - 1; }

  /** Shows a run, or the same run grown. */
  use(run) {
    this.run = run;
    this.diagram.show(run);
    byId("scrubber").max = this.end;
    byId("title").textContent = run.title;
    byId("about").textContent = run.about.join(" ");
    byId("asks").hidden = !run.question;
    byId("asks").textContent = run.question ? `Question: ${run.question}` : "";
    this.showJudged();
  }

  showJudged() {
    byId("judged").replaceChildren(...judgedPanel(this.run, (to) => this.goto(to)));
  }

  /** Offers the kinds of moments that the user can jump to. */
  offer(kinds) {
    byId("kind").replaceChildren(...kinds.map(([kind, name]) => element("option", { value: kind }, name)));
  }

  /** Shows another moment; `told` says whether to put it into the address too. */
  goto(to, told = true) {
    this.at = Math.min(Math.max(to, 0), this.end);
    this.diagram.goto(this.at);
    this.show();
    if (told) history.replaceState(null, "", `#${addressOf(this.run, this.at, this.chosen)}`);
  }

  /** Goes one moment on. The page of a run in progress replaces this, to let events happen after the last. */
  forward() {
    this.goto(this.at + 1);
  }

  choose(node, index) {
    const same = this.chosen && this.chosen.node === node && this.chosen.index === index;
    this.chosen = same ? null : { node, index };
    this.goto(this.at);
    if (!this.chosen) return;
    document.querySelector(".entry button[aria-pressed=true]")?.focus({ preventScroll: true });
    byId("why").scrollIntoView({ block: "nearest" });
  }

  show() {
    const { run, at, chosen } = this;
    const moment = run.moments[at];
    byId("scrubber").value = at;
    const step = run.steps === 0 ? "no step yet" : `${placeOf(run, at).replace("at ", "")} of ${run.steps}`;
    byId("scrubber").setAttribute("aria-valuetext", step);
    byId("where").textContent = `${step} · ${seconds(moment.time)}`;
    byId("happened-title").textContent = moment.title;
    byId("happened").replaceChildren(...happenedPanel(run, at, (to) => this.goto(to), this.ask));
    byId("nodes").replaceChildren(...nodesTable(run, at, chosen, (node, index) => this.choose(node, index), this.ask));
    byId("peers").replaceChildren(...leaderTables(run.states[at]));
    this.why(byId("why"), run, at, chosen);
    byId("flight").replaceChildren(...flightPanel(run, at, (id) => this.diagram.svg.classList.toggle("pointed", id !== null)));
    this.showButtons();
    byId("spoken").textContent = `${step}. ${moment.title}. ${moment.lines.filter(([, , rule]) => !rule).map(([, text]) => text).join(" ")}`;
    this.looked(at);
  }

  showButtons() {
    byId("back").disabled = byId("first").disabled = this.at === 0;
    byId("next").disabled = byId("last").disabled = this.at === this.end;
  }

  jump(direction) {
    const to = this.run.marked(this.at, byId("kind").value, direction);
    if (to !== null) this.goto(to);
  }

  showTip(id, event) {
    const tip = byId("tip");
    tip.hidden = id === null;
    if (id === null) return;
    tip.replaceChildren(...messageTip(this.run, id));
    const { clientWidth, clientHeight } = document.documentElement;
    tip.style.left = `${Math.min(event.clientX + 14, clientWidth - tip.offsetWidth - 8)}px`;
    tip.style.top = `${Math.min(event.clientY + 14, clientHeight - tip.offsetHeight - 8)}px`;
  }

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select, textarea, input:not([type=checkbox])")) return;
    const page = Math.max(Math.floor(byId("diagram").clientHeight / this.diagram.row) - 2, 1);
    const act = {
      ArrowRight: () => this.forward(), ArrowDown: () => this.forward(), ArrowLeft: () => this.goto(this.at - 1), ArrowUp: () => this.goto(this.at - 1),
      PageDown: () => this.goto(this.at + page), PageUp: () => this.goto(this.at - page), Home: () => this.goto(0), End: () => this.goto(this.end),
      n: () => this.jump(1), p: () => this.jump(-1), "+": () => this.diagram.zoom(1.3), "-": () => this.diagram.zoom(1 / 1.3),
      Escape: () => { this.chosen = null; this.goto(this.at); },
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** Goes to the step and entry in an address. */
  follow(address) {
    const fields = new URLSearchParams(address.slice(1));
    const step = Number(fields.get("step"));
    const entry = /^(\d+),(\d+)$/.exec(fields.get("entry") ?? "");
    this.chosen = entry && Number(entry[1]) < this.run.nodes ? { node: Number(entry[1]), index: Number(entry[2]) } : null;
    // A step after the last one leads to the last moment.
    this.goto(this.run.ofStep.get(step) ?? (step > this.run.steps ? this.end : 0), false);
    if (this.chosen) byId("why").scrollIntoView({ block: "nearest" });
  }
}

function stepBefore(run, at) {
  for (let k = at; k >= 0; k -= 1) if (run.moments[k].step) return run.moments[k].step;
  return 0;
}

/** Where a moment is among the steps, in words. */
function placeOf(run, at) {
  const before = stepBefore(run, at);
  return before === 0 ? "before step 1" : `${run.moments[at].step ? "at" : "after"} step ${before}`;
}

function addressOf(run, at, chosen) {
  const fields = new URLSearchParams({ step: stepBefore(run, at) });
  if (chosen) fields.set("entry", `${chosen.node},${chosen.index}`);
  return fields.toString();
}

function legend() {
  const line = (kind) => drawn("svg", { class: "key", viewBox: "0 0 26 10", "aria-hidden": "true" }, drawn("line", { class: kind, x1: 1, y1: 5, x2: 25, y2: 5 }));
  return [
    ["life follower", "follower"], ["life candidate", "candidate"], ["life leader", "leader"],
    ["life paused", "paused"], ["message append", "AppendEntries"], ["message vote", "RequestVote"], ["message append reply", "reply"],
  ].map(([kind, name]) => element("span", {}, line(kind), name)).concat(
    element("span", {}, "✕ lost"),
    ...[["timer", "timer ends"], ["crash", "crash, start, pause"]].map(([kind, name]) =>
      element("span", {}, drawn("svg", { class: "key dot", viewBox: "0 0 10 10", "aria-hidden": "true" }, drawn("circle", { class: `act ${kind}`, cx: 5, cy: 5, r: 4 })), name)),
  );
}
