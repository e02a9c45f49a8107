// The present state of the cluster: nodes in a ring, timers that run down, messages in flight. The user can
// choose nodes and messages with a click or from the keyboard.

const RING = { width: 560, height: 500, node: 40 };
/** In less than this many pixels the ring is drawn higher than wide, so that its texts can be read. */
const NARROW_RING = 480;
/** More nodes than this do not fit into a narrow ring. */
const NARROW_NODES = 7;
/** The number of entries of each log that are drawn below its node: the last ones. */
const RING_ENTRIES = 6;

class Ring {
  /** Calls `select` with what was chosen, and `hover` with the message that is pointed at. */
  constructor(svg, { select, hover }) {
    this.svg = svg;
    this.select = select;
    this.hover = hover;
    this.selected = null;
    this.links = drawn("g", { "aria-hidden": "true" });
    this.nodes = drawn("g", {});
    this.messages = drawn("g", {});
    new ResizeObserver(() => this.resized()).observe(svg);
    svg.replaceChildren(this.links, this.messages, this.nodes);
    this.shapes = new Map();
    this.drag = null;
    svg.addEventListener("pointermove", (event) => this.dragged(event));
    svg.addEventListener("pointerup", (event) => this.dropped(event));
    svg.addEventListener("pointerleave", () => this.endDrag());
  }

  place(node, count) {
    const angle = (2 * Math.PI * node) / count - Math.PI / 2;
    const [rx, ry] = count === 1 ? [0, 0] : [RING.width / 2 - 74, RING.height / 2 - 74];
    return { x: RING.width / 2 + rx * Math.cos(angle), y: RING.height / 2 - 8 + ry * Math.sin(angle) };
  }

  /** Draws the ring again if it was narrow and is wide now, or the other way round. */
  resized() {
    if (!this.drawn) return;
    const was = RING.width;
    this.fit();
    if (RING.width === was) return;
    this.draw(this.drawn);
    if (this.moved) this.move(...this.moved);
  }

  fit() {
    const isNarrow = this.svg.clientWidth < NARROW_RING && this.count <= NARROW_NODES;
    [RING.width, RING.height] = isNarrow ? [380, 460] : [560, 500];
    this.svg.setAttribute("viewBox", `0 0 ${RING.width} ${RING.height}`);
    this.svg.style.aspectRatio = `${RING.width} / ${RING.height}`;
  }

  /** Draws the nodes and links: the states, the links that are cut, and which nodes are about to crash. */
  draw(drawn) {
    this.drawn = drawn;
    const { states, cut, crashes } = drawn;
    this.count = states.length;
    this.fit();
    const parts = [];
    for (let a = 0; a < this.count; a += 1) {
      for (let b = a + 1; b < this.count; b += 1) parts.push(...this.link(a, b, cut));
    }
    this.links.replaceChildren(...parts);
    this.arcs = [];
    // The keyboard focus stays on its node.
    const focused = document.activeElement?.dataset?.node;
    this.nodes.replaceChildren(...states.map((state, node) => this.node(state, node, crashes?.[node])));
    if (focused !== undefined) this.nodes.querySelector(`[data-node="${focused}"]`)?.focus();
  }

  /** Removes the messages and the choice, which belong to the run before. */
  forget() {
    for (const shape of this.shapes.values()) shape.remove();
    this.shapes.clear();
    this.selected = null;
  }

  link(a, b, cut) {
    const [from, to] = [this.place(a, this.count), this.place(b, this.count)];
    const ways = [cut.has(`${a},${b}`), cut.has(`${b},${a}`)];
    const line = (kind, x1, y1, x2, y2) => drawn("line", { class: kind, x1, y1, x2, y2 });
    if (ways[0] === ways[1]) return [line(ways[0] ? "ring-link cut" : "ring-link", from.x, from.y, to.x, to.y)];
    // If a link is cut in one direction, only the half towards the node that nothing reaches is drawn as cut.
    const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
    const far = ways[0] ? to : from;
    const near = ways[0] ? from : to;
    return [line("ring-link", near.x, near.y, middle.x, middle.y), line("ring-link cut", middle.x, middle.y, far.x, far.y)];
  }

  node(state, node, crashes) {
    const { x, y } = this.place(node, this.count);
    const picked = this.selected?.node === node;
    const beside = crashes ? "will crash" : state.up && state.paused ? "paused" : "";
    const words = `${standing(state)}, term ${state.term}${state.vote === null ? "" : `, vote for n${state.vote}`}, commit index ${committedOf(state)}${crashes ? ", about to crash" : ""}`;
    const arc = drawn("path", { class: "timer-arc", d: "" });
    this.arcs.push(arc);
    const group = drawn("g", {
      class: `ring-node ${looks(state)}${picked ? " selected" : ""}`, transform: `translate(${x},${y})`, tabindex: 0, role: "button",
      "data-node": node, "aria-label": `n${node}: ${words}`, "aria-pressed": picked ? "true" : "false",
      onclick: () => this.choose({ node }),
      onkeydown: (event) => this.keyed(event, { node }),
      onpointerdown: (event) => { this.drag = { from: node, line: null, x: event.clientX, y: event.clientY }; },
    },
    drawn("circle", { class: "body", r: RING.node }),
    drawn("circle", { class: "second", r: RING.node - 5 }),
    arc,
    drawn("text", { class: "name", y: beside ? -20 : -15 }, `n${node}`),
    drawn("text", { class: "role-word", y: beside ? -9 : -2 }, state.up ? state.role : "down"),
    drawn("text", { class: "role-word", y: 2 }, beside),
    drawn("text", { y: beside ? 14 : 12 }, `term ${state.term}`),
    drawn("text", { class: "vote-word", y: 25 }, state.vote === null ? "no vote" : `vote n${state.vote}`),
    this.log(state));
    return group;
  }

  log(state) {
    const length = state.last?.index ?? 0;
    const entries = entriesFrom(state.last, Math.max(1, length - RING_ENTRIES + 1));
    const size = 16;
    const left = -(entries.length * size) / 2;
    const cells = entries.flatMap((entry, nth) => [
      drawn("rect", { class: `term-${entry.term % 6}${entry.index <= state.commit ? " committed" : ""}`, x: left + nth * size, y: RING.node + 8, width: size - 2, height: size - 2 }),
      drawn("text", { x: left + nth * size + size / 2 - 1, y: RING.node + 19 }, entry.term),
    ]);
    const more = length > entries.length ? [drawn("text", { x: left - 12, y: RING.node + 19 }, `${length - entries.length}+`)] : [];
    return drawn("g", { class: "ring-log", "aria-hidden": "true" }, ...more, ...cells);
  }

  /** Draws what moves at this time: the timers, and how far each message has come. */
  move(timers, longest, flying) {
    this.moved = [timers, longest, flying];
    this.arcs?.forEach((arc, node) => {
      const share = timers[node] === null || timers[node] === undefined ? 0 : Math.min(Math.max(timers[node] / longest[node], 0), 1);
      arc.setAttribute("d", share > 0 ? arcOf(share, RING.node + 4) : "");
    });
    const seen = new Set();
    for (const flight of flying) {
      seen.add(flight.id);
      let shape = this.shapes.get(flight.id);
      if (!shape) {
        shape = this.message(flight);
        this.shapes.set(flight.id, shape);
        this.messages.append(shape);
      }
      const [from, to] = [this.place(flight.from, this.count), this.place(flight.to, this.count)];
      // Each message runs beside the line, so that a reply does not cover a request.
      const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
      const [ux, uy] = [(to.x - from.x) / length, (to.y - from.y) / length];
      const along = RING.node + 8 + flight.share * (length - 2 * RING.node - 16);
      const beside = 7 + 13 * flight.lane;
      shape.setAttribute("transform", `translate(${(from.x + ux * along - uy * beside).toFixed(1)},${(from.y + uy * along + ux * beside).toFixed(1)})`);
      const kind = `ring-message ${flight.kind}${flight.reply ? " reply" : ""}${flight.delivered ? " delivered" : ""}${this.selected?.message === flight.id ? " selected" : ""}`;
      if (shape.getAttribute("class") !== kind) shape.setAttribute("class", kind);
    }
    for (const [id, shape] of this.shapes) {
      if (seen.has(id)) continue;
      shape.remove();
      this.shapes.delete(id);
    }
  }

  message(flight) {
    return drawn("g", {
      tabindex: 0, role: "button", "aria-label": nameOf(flight), "data-message": flight.id,
      onclick: () => this.choose({ message: flight.id }),
      onkeydown: (event) => this.keyed(event, { message: flight.id }),
      onpointerenter: (event) => this.hover(flight.id, event),
      onpointerleave: () => this.hover(null),
    }, drawn("circle", { r: 7 }));
  }

  choose(what) {
    this.selected = what;
    this.select(what);
  }

  keyed(event, what) {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    this.choose(what);
  }

  point(event) {
    const box = this.svg.getBoundingClientRect();
    const scale = Math.min(box.width / RING.width, box.height / RING.height);
    return {
      x: (event.clientX - box.left - (box.width - RING.width * scale) / 2) / scale,
      y: (event.clientY - box.top - (box.height - RING.height * scale) / 2) / scale,
    };
  }

  dragged(event) {
    if (!this.drag) return;
    if (!this.drag.line && Math.hypot(event.clientX - this.drag.x, event.clientY - this.drag.y) < 8) return;
    const from = this.place(this.drag.from, this.count);
    const to = this.point(event);
    if (!this.drag.line) {
      this.drag.line = drawn("line", { class: "ring-link drawn", x1: from.x, y1: from.y });
      this.links.append(this.drag.line);
    }
    this.drag.line.setAttribute("x2", to.x);
    this.drag.line.setAttribute("y2", to.y);
  }

  dropped(event) {
    const drag = this.drag;
    this.endDrag();
    if (!drag?.line) return;
    const at = this.point(event);
    for (let node = 0; node < this.count; node += 1) {
      const place = this.place(node, this.count);
      if (node !== drag.from && Math.hypot(at.x - place.x, at.y - place.y) < RING.node + 10) {
        this.choose({ link: [drag.from, node] });
        return;
      }
    }
  }

  endDrag() {
    this.drag?.line?.remove();
    this.drag = null;
  }
}

/** The path of a part of a circle, clockwise from the top. */
function arcOf(share, r) {
  const angle = 2 * Math.PI * Math.min(share, 0.9999);
  const [x, y] = [r * Math.sin(angle), -r * Math.cos(angle)];
  return `M0,${-r}A${r},${r} 0 ${share > 0.5 ? 1 : 0} 1 ${x.toFixed(2)},${y.toFixed(2)}`;
}
