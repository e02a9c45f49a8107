// The actions on what is chosen, and the list of lines that were carried out.

Object.assign(Explore.prototype, {
  showSelected() {
    const { ring } = this;
    const what = ring.selected;
    // The second click of a double click is ignored: it would hit the button that replaces this one.
    const button = (text, line) => element("button", { type: "button", title: line, onclick: (event) => { if (event.detail < 2) this.line(line); } }, text);
    const box = byId("selected");
    const types = document.activeElement?.id === "command";
    const had = box.contains(document.activeElement) ? document.activeElement.title : null;
    for (const shape of ring.nodes.children) {
      const picked = what?.node === Number(shape.dataset.node);
      shape.classList.toggle("selected", picked);
      shape.setAttribute("aria-pressed", picked ? "true" : "false");
    }
    if (!what) {
      box.replaceChildren(element("p", { class: "hint" }, "Choose a node or a message, or drag from one node to another."));
    } else if (what.node !== undefined) {
      box.replaceChildren(...this.nodeActions(what.node, button));
    } else if (what.link) {
      const [a, b] = what.link;
      box.replaceChildren(element("h3", {}, `The link between n${a} and n${b}`), element("div", { class: "row" },
        button("cut both ways", `cut ${a} <-> ${b}`), button("heal", `heal ${a} <-> ${b}`), button(`cut n${a} → n${b}`, `cut ${a} -> ${b}`), button(`cut n${b} → n${a}`, `cut ${b} -> ${a}`),
        button("lose half", `drop 50% of ${a} <-> ${b}`), button("slow", `delay 100ms..300ms of ${a} <-> ${b}`)));
    } else {
      box.replaceChildren(...this.messageActions(what.message, button));
    }
    // The keyboard focus stays among these buttons.
    if (types) byId("command")?.focus();
    else if (had !== null) ([...box.querySelectorAll("button")].find((it) => it.title === had) ?? box.querySelector("button"))?.focus();
  },

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
    if ([...this.cut].some((link) => link.split(",").includes(String(node)))) acts.push(button("heal its links", `heal ${node}`));
    if (!state.up) acts.push(button("lose its disk", `wipe ${node}`));
    const others = this.run.states[0].map((_, other) => other).filter((other) => other !== node);
    const link = element("select", { "aria-label": `A link of n${node}`, onchange: (event) => { if (event.target.value) this.ring.choose({ link: [node, Number(event.target.value)] }); } },
      element("option", { value: "" }, "its link to …"), ...others.map((other) => element("option", { value: other }, `n${other}`)));
    const command = element("input", { id: "command", value: this.command ?? "SET x=1", "aria-label": "A client's command", autocomplete: "off", spellcheck: "false", oninput: (event) => { this.command = event.target.value; } });
    const ask = element("form", { class: "row", onsubmit: (event) => { event.preventDefault(); this.line(`submit to ${node} ${command.value}`); } },
      element("label", {}, "a client asks: ", command), element("button", { type: "submit", title: `submit to ${node}` }, "submit"),
      element("button", { type: "button", title: `submit to ${node} GET x`, onclick: () => this.line(`submit to ${node} GET x`) }, "read x"));
    return [element("h3", {}, `n${node}: ${standing(state)}, term ${state.term}`), element("div", { class: "row" }, ...acts, others.length > 0 ? link : null), state.up ? ask : null].filter(Boolean);
  },

  messageActions(id, button) {
    const message = this.run.byId.get(id);
    if (!message) return [];
    const title = [element("h3", {}, nameOf(message)), element("p", { class: "hint" }, message.says)];
    const flight = this.atEnd ? this.flights.get(id) : null;
    if (!this.atEnd) return [...title, element("p", { class: "hint" }, `To act on it, ${byId("go-on").textContent} first.`)];
    if (!flight) return [...title, element("p", { class: "hint" }, "It is no longer in flight.")];
    if (!flight.name) return [...title, element("p", { class: "hint" }, "An earlier message of the same kind is on the same link. Act on that one first.")];
    const waits = flight.due === null;
    return [...title, element("div", { class: "row" },
      button(flight.delivered ? "deliver it again" : "deliver", `deliver ${flight.name}`), waits ? null : button("hold back", `hold ${flight.name}`),
      waits ? null : button("duplicate", `duplicate ${flight.name}`), button("drop", `drop ${flight.name}`))];
  },

  /** Asks in a form which nodes stay together. It replaces the actions on what is chosen. */
  showPartition() {
    const groups = element("input", { value: this.groups ?? halves(this.run.nodes), "aria-label": "Groups of nodes, with | between them", autocomplete: "off" });
    byId("selected").replaceChildren(element("h3", {}, "Which nodes stay together?"), element("form", { class: "row", onsubmit: (event) => {
      event.preventDefault();
      this.groups = groups.value;
      this.line(`partition ${groups.value}`);
    } }, groups, element("button", { type: "submit" }, "partition")));
    groups.focus();
    groups.select();
  },

  // Lines.

  showLines() {
    const { lines, tip, planned, done } = this.head;
    const way = [];
    for (let line = tip; line !== null; line = lines[line].parent) way.unshift(line);
    const below = new Map();
    lines.forEach(({ parent }, nth) => below.set(parent, [...(below.get(parent) ?? []), nth]));
    const children = (parent) => below.get(parent) ?? [];
    /** The lines from this one to the end of its newest branch. */
    const newest = (line) => {
      const all = [line];
      while (children(all.at(-1)).length > 0) all.push(children(all.at(-1)).at(-1));
      return all;
    };
    const and = (more) => (more === 0 ? "" : `, and ${more} more line${more === 1 ? "" : "s"}`);
    const branches = (parent, own) => {
      const others = children(parent).filter((child) => child !== own);
      return others.map((other) => element("button", { type: "button", class: "link branch", title: "Go to this branch; this one stays", onclick: () => this.goTo(newest(other).at(-1)) },
        `${own === null ? "was done after this" : "another branch, instead of this"}: ${lines[other].text}${and(newest(other).length - 1)}`));
    };
    const ends = lines.filter((_, nth) => children(nth).length === 0).length;
    byId("branches").hidden = ends < 2;
    byId("branches").textContent = `${ends} branches of lines. The links lead to the ends of the others.`;
    byId("lines").replaceChildren(...way.map((line, nth) => element("li", { class: line === tip ? "tip" : lines[line].text.startsWith("try ") ? "failed" : "" },
      element("button", { type: "button", class: "link plain", title: "Look at the moment after this line", onclick: () => this.viewer.goto(lines[line].moment) }, lines[line].text),
      ...branches(nth > 0 ? way[nth - 1] : null, line))));
    const after = branches(tip, null);
    byId("lines").append(...after.map((link) => element("li", { class: "hint after" }, link)));
    byId("lines").scrollTop = byId("lines").scrollHeight;
    byId("undo").disabled = tip === null;
    byId("redo").disabled = after.length === 0;
    const left = planned.slice(done);
    byId("planned").hidden = left.length === 0;
    byId("planned").replaceChildren(
      element("div", { class: "row" }, left.length === 1 ? "One line of the scenario is left: " : `${left.length} lines of the scenario are left: `,
        element("button", { type: "button", id: "next-line", title: "Carry out the next line", onclick: () => this.predicted({ act: "next" }) }, "next line"),
        element("button", { type: "button", id: "rest", title: "Carry out all the lines that are left", onclick: () => this.act({ act: "rest" }) }, "all")),
      ...left.slice(0, 4).map((text, nth) => element("div", { class: nth === 0 ? "next" : "" }, text)),
      left.length > 4 ? "…" : "");
  },

  goTo(line) {
    this.stop();
    return this.act({ act: "go-to", line });
  },

  /** The lines up to the last one, as a scenario; null if the program does not answer. */
  async script() {
    try {
      const response = await fetch("scenario.raft");
      return response.ok ? await response.text() : null;
    } catch {
      return null;
    }
  },
});

function halves(nodes) {
  const all = Array.from({ length: nodes }, (_, node) => node);
  return `${all.slice(0, nodes >> 1).join(" ")} | ${all.slice(nodes >> 1).join(" ")}`;
}
