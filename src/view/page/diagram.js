// The space-time diagram: a column for each node, a row for each moment, a line for each message.
// Only the rows that can be seen are drawn, so its cost does not grow with the run.

const MARGIN = 6;
/** In a diagram narrower than this, the times beside the steps are left out. */
const NARROW = 520;

class Diagram {
  /** Calls `choose` with the moment that was chosen, and `hover` with the message that is pointed at, if any. */
  constructor(box, heads, { choose, hover }) {
    this.box = box;
    this.heads = heads;
    this.choose = choose;
    this.hover = hover;
    this.row = 22;
    this.at = 0;
    this.hidden = Infinity;
    this.svg = drawn("svg", { "aria-hidden": "true" });
    this.space = element("div", { class: "space" }, this.svg);
    box.replaceChildren(this.space);
    box.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(box);
    this.svg.addEventListener("click", (event) => {
      const y = event.clientY - this.space.getBoundingClientRect().top;
      this.choose(Math.min(Math.max(Math.floor(y / this.row), 0), this.run.length - 1));
    });
  }

  show(run) {
    this.run = run;
    this.draw();
  }

  /** Hides this moment and all later ones. */
  hideFrom(at) {
    if (this.hidden === at) return;
    this.hidden = at;
    this.draw();
  }

  /** Moves the rows further apart, or closer together. The chosen moment keeps its place on the screen. */
  zoom(factor) {
    const before = this.at * this.row - this.box.scrollTop;
    this.row = Math.min(Math.max(Math.round(this.row * factor), 8), 60);
    this.draw();
    this.box.scrollTop = this.at * this.row - before;
    this.draw();
  }

  /** Marks a moment, and scrolls it into view. */
  goto(at) {
    this.at = at;
    const y = at * this.row;
    const { scrollTop, clientHeight } = this.box;
    if (y < scrollTop + this.row || y > scrollTop + clientHeight - 3 * this.row) {
      this.box.scrollTop = y - clientHeight / 2;
    }
    this.draw();
  }

  x(node) {
    const usable = this.width - this.gutter - 2 * MARGIN;
    return this.gutter + MARGIN + (usable * (node + 0.5)) / this.run.nodes;
  }

  y(at) {
    return (at + 0.5) * this.row;
  }

  draw() {
    if (!this.run) return;
    const { run, row } = this;
    this.width = this.box.clientWidth;
    this.gutter = this.width < NARROW ? 44 : 104;
    const height = this.box.clientHeight;
    this.space.style.height = `${run.length * row}px`;
    const end = Math.min(run.length, this.hidden) - 1;
    const first = Math.min(Math.max(Math.floor(this.box.scrollTop / row) - 1, 0), end);
    const last = Math.min(Math.ceil((this.box.scrollTop + height) / row) + 1, end);
    this.svg.style.top = `${first * row}px`;
    const rows = last - first + 1;
    this.svg.setAttribute("viewBox", `0 ${first * row} ${this.width} ${rows * row}`);
    this.svg.setAttribute("width", this.width);
    this.svg.setAttribute("height", rows * row);
    const parts = [this.chosenRow()];
    for (let node = 0; node < run.nodes; node += 1) parts.push(...this.lifeline(node, first, last));
    for (const message of run.messages) {
      if (message.sent <= last && this.endRow(message) >= first) parts.push(...this.arrows(message, first, last));
    }
    for (let at = first; at <= last; at += 1) parts.push(...this.moment(at));
    this.svg.replaceChildren(...parts);
    this.drawHeads();
  }

  drawHeads() {
    const states = this.run.states[this.at] ?? [];
    this.heads.replaceChildren(...states.map((state, node) => {
      const head = element("span", { class: `head ${looks(state)}` }, `n${node}`);
      head.style.left = `${this.x(node)}px`;
      return head;
    }));
  }

  chosenRow() {
    return drawn("rect", { class: "chosen", x: 0, y: this.at * this.row, width: this.width, height: this.row });
  }

  endRow(message) {
    const ends = message.lost ? [...message.got, message.lost[0]] : message.got;
    return ends.length > 0 ? Math.max(...ends) : this.run.length;
  }

  /** A node's line: thin for a follower, dashed for a candidate, thick for a leader, gone while it is down. */
  lifeline(node, first, last) {
    const parts = [];
    let from = first;
    const kindAt = (at) => looks(this.run.states[at][node]);
    for (let at = first; at <= last; at += 1) {
      const kind = kindAt(at);
      if (at === last || kindAt(at + 1) !== kind) {
        const begins = from === 0 ? 0 : this.y(from);
        const ends = at === last ? (at + 1) * this.row : this.y(at + 1);
        parts.push(drawn("line", { class: `life ${kind}`, x1: this.x(node), x2: this.x(node), y1: begins, y2: ends }));
        from = at + 1;
      }
    }
    return parts;
  }

  /** A message: a line from where it was sent to where it arrived, or a cross where it was lost. */
  arrows(message, first, last) {
    const x1 = this.x(message.from);
    const y1 = this.y(message.sent);
    const ends = message.got.filter((at) => at < this.hidden).map((at) => ({ at, lost: false }));
    if (message.lost && message.lost[0] < this.hidden) ends.push({ at: message.lost[0], lost: true });
    if (ends.length === 0) ends.push({ at: Math.min(message.sent + 1, this.run.length), lost: false, open: true });
    const parts = [];
    for (const end of ends) {
      if (end.at < first && message.sent < first) continue;
      const share = end.lost ? (end.at === message.sent ? 0.35 : 0.85) : end.open ? 0.3 : 1;
      const x2 = x1 + (this.x(message.to) - x1) * share;
      const y2 = this.y(end.at) + (end.lost ? this.row * 0.4 : 0);
      const kind = `message ${message.kind}${message.reply ? " reply" : ""}${end.lost ? " lost" : ""}${end.open ? " open" : ""}`;
      const told = this.told(message.id);
      parts.push(drawn("line", { class: `reach`, x1, y1, x2, y2, ...told }));
      parts.push(drawn("line", { class: kind, x1, y1, x2, y2 }));
      parts.push(end.lost ? cross(x2, y2, kind) : end.open ? dot(x2, y2, kind) : arrowHead(x1, y1, x2, y2, kind));
    }
    return parts;
  }

  told(id) {
    return {
      onpointerenter: (event) => this.hover(id, event),
      onpointerleave: () => this.hover(null),
    };
  }

  /** Cuts a text that begins at `x` to the width that is left. The panel beside the diagram has all of it. */
  fitting(text, x) {
    const room = Math.max(Math.floor((this.width - x) / 7) - 1, 8);
    return text.length <= room ? text : `${text.slice(0, room - 1)}…`;
  }

  /** The drawing of a moment: what happened, at the node where it happened. */
  moment(at) {
    const { run, row } = this;
    const moment = run.moments[at];
    const y = this.y(at);
    const parts = [];
    if (moment.kind === "phase") {
      parts.push(drawn("rect", { class: "phase", x: 0, y: at * row, width: this.width, height: row }));
      parts.push(drawn("text", { class: "phase-text", x: 8, y: y + 4 }, this.fitting(moment.title, 8)));
      return parts;
    }
    if (row >= 14) {
      const label = moment.step ? String(moment.step) : "";
      parts.push(drawn("text", { class: "step", x: 34, y: y + 4 }, label));
      if (this.width >= NARROW && moment.time > 0) parts.push(drawn("text", { class: "time", x: this.gutter - 8, y: y + 4 }, time(moment.time)));
    }
    if (moment.node === null) {
      if (row >= 14 && moment.mark) parts.push(...labelled(this.gutter + 4, y + 4, "start", this.fitting(moment.mark, this.gutter), `deed ${moment.kind}`));
      return parts;
    }
    const x = this.x(moment.node);
    parts.push(drawn("circle", { class: `act ${moment.kind}${moment.marks.includes("violated") ? " violated" : ""}`, cx: x, cy: y, r: Math.min(row / 5, 4.5) }));
    if (moment.mark && row >= 14) {
      const fits = x + 8 + 7 * moment.mark.length < this.width;
      const kind = `mark ${moment.marks.join(" ")}`;
      parts.push(...labelled(fits ? x + 8 : x - 8, y + 4, fits ? "start" : "end", moment.mark, kind));
    }
    return parts;
  }
}

/** Text that can be read on top of lines: the same text stands behind it in the colour of the page. */
function labelled(x, y, anchor, text, kind) {
  const place = { x, y, "text-anchor": anchor };
  return [drawn("text", { class: `${kind} behind`, ...place }, text), drawn("text", { class: kind, ...place }, text)];
}

function cross(x, y, kind) {
  const d = `M${x - 4},${y - 4}L${x + 4},${y + 4}M${x - 4},${y + 4}L${x + 4},${y - 4}`;
  return drawn("path", { class: kind, d });
}

function dot(x, y, kind) {
  return drawn("circle", { class: kind, cx: x, cy: y, r: 2 });
}

function arrowHead(x1, y1, x2, y2, kind) {
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length];
  const [bx, by] = [x2 - ux * 11, y2 - uy * 11];
  const tip = `${x2 - ux * 4},${y2 - uy * 4}`;
  const d = `M${tip}L${bx - uy * 3.2},${by + ux * 3.2}L${bx + uy * 3.2},${by - ux * 3.2}Z`;
  return drawn("path", { class: `head-of ${kind}`, d });
}
