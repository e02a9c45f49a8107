// The space-time diagram: a column for each node, a row for each moment, a line for each message.
// Only the rows that can be seen are drawn, so its cost does not grow with the run.

const MARGIN = 6;
/** In a diagram narrower than this, the times beside the steps are left out. */
const NARROW = 520;
/** Of a message that was in flight for more rows than this before it was lost, only both ends are drawn. */
const LONG_WAY = 8;

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

  /**
   * The ways of a message that are drawn, in shares of the distance and in rows: to where it arrived or was lost. Of one
   * that was lost long after it was sent only both ends are drawn, because many such lines would cover all else.
   */
  ways({ sent, got, lost }) {
    const ways = got.filter((at) => at < this.hidden).map((at) => ({ begin: [0, sent], end: [1, at] }));
    const open = { begin: [0, sent], end: [0.3, Math.min(sent + 1, this.run.length)], open: true };
    if (lost && lost[0] < this.hidden) {
      const [at] = lost;
      const late = at - sent > LONG_WAY;
      ways.push({ begin: late ? [0.6, at - 0.6] : [0, sent], end: [at === sent ? 0.35 : 0.85, at + 0.4], lost: true });
      if (late) ways.push(open);
    }
    return ways.length > 0 ? ways : [open];
  }

  /** A message: a line from where it was sent to where it arrived, or a cross where it was lost. */
  arrows(message, first, last) {
    const place = ([share, row]) => [this.x(message.from) + (this.x(message.to) - this.x(message.from)) * share, this.y(row)];
    return this.ways(message).filter(({ begin, end }) => end[1] >= first && begin[1] <= last).flatMap(({ begin, end, lost, open }) => {
      const [[x1, y1], [x2, y2]] = [place(begin), place(end)];
      const kind = `message ${message.kind}${message.reply ? " reply" : ""}${lost ? " lost" : ""}${open ? " open" : ""}`;
      return [
        drawn("line", { class: "reach", x1, y1, x2, y2, ...this.told(message.id) }),
        drawn("line", { class: kind, x1, y1, x2, y2 }),
        lost ? cross(x2, y2, kind) : open ? dot(x2, y2, kind) : arrowHead(x1, y1, x2, y2, kind),
      ];
    });
  }

  told(id) {
    return {
      onpointerenter: (event) => this.hover(id, event),
      onpointerleave: () => this.hover(null),
    };
  }

  /** A text across the columns from `x` on. If it is too long it stands in two smaller lines, where rows have room. */
  across(text, x, y, kind) {
    const [room, [size, weight]] = [this.width - x - 8, kind === "phase-text" ? [13, "600"] : [12, "italic"]];
    const lines = wrapped(text, room, `${weight} ${size}px`, 1);
    if (lines[0] === text || this.row < 22) return [...this.backing(lines[0], x, y, kind), ...labelled(x, y + 4, "start", lines[0], kind, text)];
    const parts = wrapped(text, room, `${weight} 11px`, 2);
    const top = parts.length === 1 ? y + 4 : y - 2;
    return [...this.backing(parts.length === 1 ? parts[0] : null, x, y, kind), ...parts.flatMap((line, nth) => labelled(x, top + 11 * nth, "start", line, `${kind} small`, text))];
  }

  /**
   * What lies behind a text across the columns: many messages can be lost in the moment of a split, and their lines
   * and crosses would cover the text. Without a text it is as wide as the diagram. The row of a part has its own.
   */
  backing(text, x, y, kind) {
    if (kind === "phase-text") return [];
    RULER.font = "italic 12px system-ui, sans-serif";
    const width = text === null ? this.width - x : Math.min(RULER.measureText(text).width + 6, this.width - x);
    const isChosen = Math.floor(y / this.row) === this.at;
    return [drawn("rect", { class: isChosen ? "backing chosen" : "backing", x: x - 3, y: y - this.row / 2 + 1, width, height: this.row - 2 })];
  }

  /** The label of what happened at a node, on the side of its line that has room. */
  label(x, y, text, kind) {
    const [left, right] = [x - 8 - this.gutter, this.width - x - 12];
    const isRight = right >= left || wrapped(text, right, "600 12px", 1)[0] === text;
    const [line] = wrapped(text, isRight ? right : left, "600 12px", 1);
    return labelled(isRight ? x + 8 : x - 8, y + 4, isRight ? "start" : "end", line, kind, text);
  }

  /** The drawing of a moment: what happened, at the node where it happened. */
  moment(at) {
    const { run, row } = this;
    const moment = run.moments[at];
    const y = this.y(at);
    const parts = [];
    if (moment.kind === "phase") {
      parts.push(drawn("rect", { class: "phase", x: 0, y: at * row, width: this.width, height: row }));
      return [...parts, ...this.across(moment.title, 8, y, "phase-text")];
    }
    if (row >= 14) {
      const label = moment.step ? String(moment.step) : "";
      parts.push(drawn("text", { class: "step", x: 34, y: y + 4 }, label));
      if (this.width >= NARROW && moment.time > 0) parts.push(drawn("text", { class: "time", x: this.gutter - 8, y: y + 4 }, time(moment.time)));
    }
    if (moment.node === null) {
      if (row >= 14 && moment.mark) parts.push(...this.across(moment.mark, this.gutter + 4, y, `deed ${moment.kind}`));
      return parts;
    }
    const x = this.x(moment.node);
    parts.push(drawn("circle", { class: `act ${moment.kind}${moment.marks.includes("violated") ? " violated" : ""}`, cx: x, cy: y, r: Math.min(row / 5, 4.5) }));
    if (moment.mark && row >= 14) parts.push(...this.label(x, y, moment.mark, `mark ${moment.marks.join(" ")}`));
    return parts;
  }
}

/**
 * Text that can be read on top of lines: the same text stands behind it in the colour of the page. If it is only a
 * part of the `whole`, the pointer shows the whole.
 */
function labelled(x, y, anchor, text, kind, whole) {
  const place = { x, y, "text-anchor": anchor };
  const title = text === whole ? null : drawn("title", {}, whole);
  return [drawn("text", { class: `${kind} behind`, ...place }, text), drawn("text", { class: kind, ...place }, text, title)];
}

const RULER = document.createElement("canvas").getContext("2d");

/** Breaks a text into at most `most` lines of this width. What is left over is cut, and the panel beside has all of it. */
function wrapped(text, width, font, most) {
  RULER.font = `${font} system-ui, sans-serif`;
  const lines = [];
  for (let rest = text; rest && lines.length < most;) {
    // No letter that anyone reads is narrower than two pixels.
    let end = Math.min(rest.length, Math.max(Math.ceil(width / 2), 1));
    while (end > 1 && RULER.measureText(rest.slice(0, end)).width > width) end -= 1;
    const isCut = end < rest.length;
    const last = lines.length + 1 === most;
    if (isCut && !last) end = rest.lastIndexOf(" ", end) > 0 ? rest.lastIndexOf(" ", end) : end;
    lines.push(isCut && last ? `${rest.slice(0, end - 1)}…` : rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return lines;
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
