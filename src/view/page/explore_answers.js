// Answers to why, the same run with a rule switched, and the quiz that asks for predictions.

/** The answers that the quiz offers for a step, each with a test of whether it is right. */
const QUIZ = {
  RequestVote: [["it grants its vote", (marks) => !marks.includes("refused")], ["it refuses", (marks) => marks.includes("refused")]],
  "a vote": [["it becomes leader", (marks) => marks.includes("elected")], ["it goes on campaigning", (marks) => !marks.includes("elected")]],
  AppendEntries: [["it accepts", (marks) => !marks.includes("refused")], ["it refuses", (marks) => marks.includes("refused")]],
  "an answer": [["it commits an entry", (marks) => marks.includes("commit")], ["it commits nothing", (marks) => !marks.includes("commit")]],
};

/** At most this many lines are named that could not be carried out in the other run. */
const SHOWN_FAILURES = 5;
/** The fields of a node of which one can ask since when they are as they are. */
const BLAMED = { currentTerm: ({ term }) => term, votedFor: ({ vote }) => vote, commitIndex: committedOf };

/** Which lines could not be carried out in the other run, and why. */
function failedLines(failed) {
  if (failed.length === 0) return [];
  const [shown, rest] = [failed.slice(0, SHOWN_FAILURES), failed.length - SHOWN_FAILURES];
  return [element("p", {}, "Some lines failed there:"),
    element("ul", { class: "glance", id: "failed-lines" }, ...shown.map((text) => element("li", {}, text)), rest > 0 ? element("li", {}, `and ${rest} more`) : null)];
}

/** The questions, one a line with what each asks; choosing one puts it into the box, to be completed and asked. */
function questionsList() {
  const box = byId("why-line");
  const take = (words) => {
    box.value = words;
    box.focus();
  };
  const line = ({ value, text }) => element("li", {}, element("button", { type: "button", class: "link", onclick: () => take(value) }, `why ${value}`), `: ${text}`);
  return element("ul", { class: "glance questions" }, ...[...byId("questions").options].map(line));
}

Object.assign(Explore.prototype, {
  async whyEntry(panel, run, at, chosen) {
    panel.hidden = !chosen;
    if (!chosen) return;
    const state = run.states[at][chosen.node];
    const question = `${chosen.index <= state.commit ? "" : "not "}committed ${chosen.index} on ${chosen.node}`;
    panel.replaceChildren(...whyPanel(run, at, chosen, [], null));
    if (this.playing || !state.last || state.last.index < chosen.index) return;
    const told = await this.ask("why", { question });
    if (!told || this.viewer.chosen !== chosen) return;
    panel.replaceChildren(...whyPanel(run, at, chosen, told.answer ?? [["finding", told.complaint]], this.viewer.ask));
    // Each choice of an entry is an object of its own. When the same choice is asked about again, because another moment
    // is shown, the page must not scroll away from what made it show that moment.
    if (this.scrolledTo !== chosen) panel.scrollIntoView({ block: "nearest" });
    this.scrolledTo = chosen;
  },

  /** Asks about the moment that is shown. Resolves to null if that is another when the program answers. */
  async ask(path, asked) {
    this.stop();
    const { moment } = this;
    const told = await this.post(path, { ...asked, moment: this.viewer.at });
    return moment === this.moment ? told : null;
  },

  /** Shows an answer. It is removed when what it is about is no longer shown, because it could be false then. */
  showAnswer(box, about, ...parts) {
    box.replaceChildren(...parts);
    box.dataset.about = about;
    box.hidden = false;
  },

  dropAnswers() {
    for (const box of document.querySelectorAll("[data-about]")) {
      if (box.dataset.about !== this.moment && box.dataset.about !== this.whole) box.hidden = true;
    }
  },

  async why(typed) {
    // The word stands before the box, and is often typed once more.
    const asked = typed.trim().replace(/^why\b\s*/, "");
    if (asked === "") {
      this.stop();
      this.answer("What one can ask", [questionsList()]);
      return;
    }
    const nobody = /^(no leader|(is|does) (there no|no|nobody)\b.*)\??$/.test(asked);
    const question = nobody ? `not leader ${this.likeliest()}` : asked;
    const told = await this.ask("why", { question });
    if (!told) return;
    const title = `why ${question}? (${placeOf(this.run, this.viewer.at)})`;
    if (told.answer) this.answer(title, told.answer.map((sentence) => answerLine(this.run, sentence, "told ", this.viewer.ask)));
    else this.answer(title, [element("p", { class: "told" }, told.complaint), element("h3", {}, "What one can ask"), questionsList()]);
  },

  /** What a rule says, and where the paper says it. */
  about(rule) {
    this.stop();
    const [statement, paper] = this.run.rules[rule];
    this.answer(`${rule}, ${paper}`, [element("p", { class: "told" }, statement), element("p", { class: "hint" }, `'raft-node rules ${rule}' says what it protects, where it is enforced, and how to break it.`)]);
  },

  /** The most likely leader: the candidate, or else the running node, with the highest term. */
  likeliest() {
    const states = this.run.states[this.viewer.at].map((state, node) => ({ ...state, node }));
    const up = states.filter((state) => state.up);
    const candidates = up.filter((state) => state.role === "candidate");
    const best = (candidates.length > 0 ? candidates : up).sort((a, b) => b.term - a.term)[0];
    return best?.node ?? 0;
  },

  /** Shows the moment since which a field of a node has been as it is, and what happened in it. */
  blame(node, field) {
    this.stop();
    const { run } = this;
    const value = (at) => BLAMED[field](run.states[at][node]);
    let since = this.viewer.at;
    while (since > 0 && value(since - 1) === value(since)) since -= 1;
    const { step, time, title, lines } = run.moments[since];
    const link = element("button", { type: "button", class: "link", onclick: () => this.viewer.goto(since) }, step ? `step ${step}` : seconds(time));
    const told = since === 0 ? ["This has been so from the beginning."] : ["This has been so since ", link, `: ${title}.`];
    const reasons = since === 0 ? [] : lines.map(([kind, text, rule]) => element("p", { class: `told ${kind}` }, rule ? `${kind} ${rule}: ${text}` : text));
    this.answer(`${field} of n${node} (${placeOf(run, this.viewer.at)})`, [element("p", {}, ...told), ...reasons]);
  },

  answer(title, parts) {
    this.showAnswer(byId("answered"), this.moment, element("h3", {}, title), ...parts);
    byId("answered").scrollIntoView({ block: "nearest" });
  },

  // The same run with a rule switched on or off.

  async otherwise(rule) {
    this.stop();
    const { whole } = this;
    const told = await this.post("otherwise", { rule });
    if (!told || whole !== this.whole) return;
    const box = byId("otherwise");
    const close = element("button", { type: "button", class: "link", onclick: () => { box.hidden = true; } }, "close");
    const head = element("h2", {}, `The same lines ${this.run.broken.includes(rule) ? "with" : "without"} ${rule}, up to step ${this.run.steps} `, close);
    const failed = failedLines(told.failed);
    if (told.parts_in === null) {
      this.showAnswer(box, whole, head, element("p", {}, told.same), ...failed);
      box.scrollIntoView({ block: "start" });
      return;
    }
    const side = (name, lines) => element("div", {}, element("h3", {}, name), ...lines.map((text) => element("p", { class: "told" }, text)));
    const heads = element("div", { class: "other-heads", "aria-hidden": "true" });
    const other = element("div", { class: "other", tabindex: 0, role: "group", "aria-label": "The other run" });
    const at = this.run.ofStep.get(told.parts_in);
    const look = element("button", { type: "button", class: "link", onclick: () => this.viewer.goto(at ?? this.viewer.end) }, `step ${told.parts_in}`);
    const violated = told.other.violations.length === 0 ? [element("p", {}, "No property was violated there so far.")] : told.other.violations.map(({ step, text }) => element("p", { class: "told violated" }, `step ${step}: ✗ ${text}`));
    this.showAnswer(box, whole, head, element("p", {}, "The two runs differ from ", look, "."),
      element("div", { class: "side-by-side" }, side("Here", told.here), side("There", told.there)), ...violated, ...failed, heads, other);
    const run = new Run(told.other);
    const diagram = new Diagram(other, heads, { choose: (to) => diagram.goto(to), hover: () => {} });
    diagram.show(run);
    diagram.goto(run.ofStep.get(told.parts_in) ?? run.length - 1);
    if (at !== undefined) this.viewer.goto(at);
    // The box can be higher than its panel, and its heading comes first.
    box.scrollIntoView({ block: "start" });
  },

  // Predictions.

  /** Shows the moments from this one on, up to the first that has a question, or else to the end. */
  predict(from) {
    const { run, viewer } = this;
    let at = from;
    while (at < run.length && !this.questionOf(at)) at += 1;
    if (at < run.length) {
      this.askBefore(at);
      return;
    }
    viewer.goto(viewer.end);
    this.showScore("No question: no message has arrived that decides something.");
  },

  /** The answers from which the user chooses before a moment, if it decides something. */
  questionOf(at) {
    const { moments, states, byId: messages } = this.run;
    const message = messages.get(moments[at].got);
    if (!message) return null;
    const isVote = message.kind === "vote";
    if (!message.reply) return QUIZ[isVote ? "RequestVote" : "AppendEntries"];
    // A reply decides something only at a candidate, for a vote, or at a leader, for AppendEntries.
    if (states[at - 1][message.to].role !== (isVote ? "candidate" : "leader")) return null;
    return QUIZ[isVote ? "a vote" : "an answer"];
  },

  /** Shows the moment before this one, and asks what comes. */
  askBefore(at) {
    const { marks, title, got } = this.run.moments[at];
    const answers = this.questionOf(at);
    this.viewer.goto(at - 1);
    this.asked = at;
    const box = byId("question");
    const choose = (right) => {
      this.score.asked += 1;
      this.score.right += right ? 1 : 0;
      this.showScore();
      this.viewer.goto(at);
      this.showAnswer(box, this.moment, element("p", {}, right ? "✓ Right." : `✗ No: ${answers.find(([, holds]) => holds(marks))[0]}.`, " Below is why."), this.scoreLine());
    };
    this.showAnswer(box, this.moment, element("h3", {}, `${title}. What happens?`), element("p", {}, `${this.run.byId.get(got).says}.`),
      element("div", { class: "row" }, ...answers.map(([text, holds]) => element("button", { type: "button", onclick: () => choose(holds(marks)) }, text))),
      element("p", { class: "hint" }, "→ goes on without an answer."), this.score.asked > 0 ? this.scoreLine() : "");
    box.querySelector("button").focus();
  },

  scoreText() {
    const { right, asked } = this.score;
    return asked > 0 ? `${right} of ${asked} right.` : "";
  },

  /** The score where the question stands; in a narrow window the one beside the tick box is far from it. */
  scoreLine() {
    return element("p", { class: "hint score" }, this.scoreText());
  },

  showScore(note = "") {
    byId("score").textContent = [this.scoreText(), note].join(" ").trim();
  },

  /** Withdraws the question, because the user does something else. */
  withdraw() {
    byId("question").hidden = true;
    this.showScore();
  },
});
