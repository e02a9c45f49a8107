// The buttons and forms, and how sessions begin, are kept and shared.

Object.assign(Explore.prototype, {
  listen() {
    const click = (id, act) => { byId(id).onclick = act; };
    click("play", () => this.play());
    click("undo", () => { this.stop(); this.act({ act: "undo" }); });
    click("redo", () => { this.stop(); this.act({ act: "redo" }); });
    click("heal", () => this.line("heal"));
    click("partition", () => this.showPartition());
    click("to-end", () => this.viewer.goto(this.viewer.end));
    click("go-on", () => { this.stop(); this.act({ act: "fork" }, { here: true }); });
    byId("manual").onchange = (event) => this.line(event.target.checked ? "manual" : "automatic");
    byId("predict").onchange = () => { this.withdraw(); this.viewer.goto(this.viewer.at); };
    byId("typed").onsubmit = async (event) => {
      event.preventDefault();
      const typed = byId("line").value;
      // A line that was refused stays, so that the user can correct it.
      const asks = /^\s*why\b(.*)$/.exec(typed);
      if (asks) this.why(asks[1].trim());
      if (asks || await this.line(typed)) byId("line").value = "";
    };
    byId("line").oninput = (event) => this.complete(event.target.value);
    byId("asked").onsubmit = (event) => { event.preventDefault(); this.why(byId("why-line").value); };
    click("edit-lines", async () => {
      byId("edited").value = await this.script() ?? "";
      byId("edit").hidden = false;
      byId("edited").focus();
    });
    click("leave-edit", () => { byId("edit").hidden = true; });
    byId("edit").onsubmit = async (event) => {
      event.preventDefault();
      const text = byId("edited").value;
      const begun = await this.replace(async () => ({ name: this.run.title, text }));
      // Lines that were refused stay, so that the user can correct them.
      byId("edit").hidden = begun;
      if (begun) await this.act({ act: "rest" });
    };
    click("copy-lines", async () => {
      // If the program does not answer, the page still has the lines that it shows.
      const script = await this.script() ?? this.head.lines.map(({ text }) => text).join("\n");
      this.copy(script, "The lines are copied.");
    });
    click("copy-link", async () => {
      const script = await this.script();
      if (script !== null) this.copy(`#run=${encodeURIComponent(script)}`, "Copied. Anyone who runs 'raft-cluster explore' can paste it next to 'open', add it to the end of the address, or pass it to the command in quotes.");
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
    const [quit, sure, unsure] = [byId("quit"), "sure? press again", byId("quit").textContent];
    click("quit", async () => {
      if (quit.textContent !== sure) quit.textContent = sure;
      else if (await this.post("end", {})) byId("lost").hidden = false;
    });
    // Whoever does something else first did not mean to end the program.
    const disarm = ({ target, key }) => {
      if (target !== quit || (key && key !== "Enter" && key !== " ")) quit.textContent = unsure;
    };
    for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, disarm);
    addEventListener("keydown", (event) => {
      if (event.key !== " " || event.target.matches("select, input, textarea, button, summary, a, [role=button]")) return;
      event.preventDefault();
      this.play();
    });
    addEventListener("hashchange", () => this.follow());
  },

  async complete(typed) {
    const begun = typed.slice(0, typed.search(/\S*$/));
    if (this.begun === begun) return;
    this.begun = begun;
    const told = await this.post("complete", { line: begun });
    if (told) byId("words").replaceChildren(...told.words.map((word) => element("option", { value: `${begun}${word}` })));
  },

  async copy(text, said) {
    try {
      await navigator.clipboard.writeText(text);
      byId("kept").textContent = said;
    } catch {
      // The browser does not allow the copy, so the page shows the text for copying by hand.
      byId("said").hidden = false;
      byId("said").textContent = text;
      byId("kept").textContent = "The browser does not allow this page to copy. Here it is:";
    }
  },

  async open(name) {
    const link = /#run=(.*)$/.exec(name);
    let text = null;
    try {
      text = link && decodeURIComponent(link[1]);
    } catch {
      this.complain("this is not a link of a run; a part of it may be missing");
      return;
    }
    await this.replace(async () => (link ? { name: "link", text } : { name }));
  },

  /** Opens what is `wanted`, and resolves to whether that succeeded. A button brings this session's lines back. */
  async replace(wanted) {
    const [title, had] = [this.run.title, this.head.lines.length > 0 ? await this.script() : null];
    const told = await this.post("open", await wanted());
    if (!told) return false;
    if (told.complaint) {
      this.complain(told.complaint);
      return false;
    }
    await this.opened();
    if (had === null) return true;
    const back = async () => {
      await this.replace(async () => ({ name: title, text: had }));
      await this.act({ act: "rest" });
    };
    byId("kept").replaceChildren(`This replaced '${title}'. `, element("button", { type: "button", class: "link", id: "had", onclick: back }, "go back to it"));
    return true;
  },

  async opened() {
    this.stop();
    this.ring.selected = null;
    this.viewer.chosen = null;
    await this.act({ act: "look" });
  },

  /** Opens the run in the address, or goes to the step in it. */
  async follow() {
    if (location.hash.startsWith("#run=")) {
      const hash = location.hash;
      history.replaceState(null, "", location.pathname);
      await this.open(hash);
    } else this.viewer.follow(location.hash);
  },

  async begin() {
    const { hash } = location;
    await this.act({ act: "look" });
    if (!this.run || !hash) return;
    history.replaceState(null, "", hash);
    await this.follow();
  },
});

const explore = new Explore();
explore.begin();

