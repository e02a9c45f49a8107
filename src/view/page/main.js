// The page: which moment is looked at, and all the ways to choose another.

const KINDS = [
  ["commit", "commit"],
  ["campaign", "campaign"],
  ["elected", "leader elected"],
  ["refused", "refusal"],
  ["truncated", "entries deleted"],
  ["crash", "crash or restart"],
  ["client", "client asked or told"],
  ["lost", "message lost"],
  ["overridden", "broken rule"],
  ["fell", "property that fell"],
];

function start() {
  const run = new Run(JSON.parse(byId("run").textContent));
  let at = 0;
  let chosen = null;

  byId("title").textContent = run.title;
  byId("about").textContent = run.about.join(" ");
  const diagram = new Diagram(byId("diagram"), byId("columns"), { choose: (to) => goto(to), hover: showTip });
  diagram.show(run);
  byId("legend").replaceChildren(...legend());
  const present = KINDS.filter(([kind]) => run.moments.some((moment) => moment.marks.includes(kind)));
  byId("kind").replaceChildren(...present.map(([kind, name]) => element("option", { value: kind }, name)));
  const scrubber = byId("scrubber");
  scrubber.max = run.length - 1;

  /** Looks at another moment; `told` says whether the address should say so too. */
  function goto(to, told = true) {
    at = Math.min(Math.max(to, 0), run.length - 1);
    diagram.goto(at);
    show();
    if (told) history.replaceState(null, "", `#${addressOf(run, at, chosen)}`);
  }

  function choose(node, index) {
    const same = chosen && chosen.node === node && chosen.index === index;
    chosen = same ? null : { node, index };
    goto(at);
    if (!chosen) return;
    document.querySelector(".entry button[aria-pressed=true]")?.focus({ preventScroll: true });
    byId("why").scrollIntoView({ block: "nearest" });
  }

  function show() {
    const moment = run.moments[at];
    scrubber.value = at;
    const before = stepBefore(run, at);
    const step = `${moment.step ? "" : before ? "after " : "before "}step ${before || 1} of ${run.steps}`;
    scrubber.setAttribute("aria-valuetext", step);
    byId("where").textContent = `${step} · ${seconds(moment.time)}`;
    byId("happened-title").textContent = moment.title;
    byId("happened").replaceChildren(...happenedPanel(run, at, goto));
    byId("nodes").replaceChildren(...nodesTable(run, at, chosen, choose));
    byId("peers").replaceChildren(...leaderTables(run.states[at]));
    const why = whyPanel(run, at, chosen);
    byId("why").hidden = !why;
    byId("why").replaceChildren(...(why ?? []));
    byId("flight").replaceChildren(...flightPanel(run, at, (id) => diagram.svg.classList.toggle("pointed", id !== null)));
    byId("back").disabled = byId("first").disabled = at === 0;
    byId("next").disabled = byId("last").disabled = at === run.length - 1;
    byId("spoken").textContent = `${step}. ${moment.title}. ${moment.lines.filter(([, , rule]) => !rule).map(([, text]) => text).join(" ")}`;
  }

  function jump(direction) {
    const to = run.marked(at, byId("kind").value, direction);
    if (to !== null) goto(to);
  }

  function showTip(id, event) {
    const tip = byId("tip");
    tip.hidden = id === null;
    if (id === null) return;
    tip.replaceChildren(...messageTip(run, id));
    const { clientWidth, clientHeight } = document.documentElement;
    tip.style.left = `${Math.min(event.clientX + 14, clientWidth - tip.offsetWidth - 8)}px`;
    tip.style.top = `${Math.min(event.clientY + 14, clientHeight - tip.offsetHeight - 8)}px`;
  }

  byId("judged").replaceChildren(...judgedPanel(run, goto));
  byId("first").onclick = () => goto(0);
  byId("back").onclick = () => goto(at - 1);
  byId("next").onclick = () => goto(at + 1);
  byId("last").onclick = () => goto(run.length - 1);
  byId("next-kind").onclick = () => jump(1);
  byId("previous-kind").onclick = () => jump(-1);
  byId("closer").onclick = () => diagram.zoom(1.3);
  byId("wider").onclick = () => diagram.zoom(1 / 1.3);
  scrubber.oninput = () => goto(Number(scrubber.value));
  addEventListener("hashchange", () => follow(location.hash));
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select, input")) return;
    const page = Math.max(Math.floor(byId("diagram").clientHeight / diagram.row) - 2, 1);
    const act = {
      ArrowRight: () => goto(at + 1), ArrowDown: () => goto(at + 1), ArrowLeft: () => goto(at - 1), ArrowUp: () => goto(at - 1),
      PageDown: () => goto(at + page), PageUp: () => goto(at - page), Home: () => goto(0), End: () => goto(run.length - 1),
      n: () => jump(1), p: () => jump(-1), "+": () => diagram.zoom(1.3), "-": () => diagram.zoom(1 / 1.3),
      Escape: () => { chosen = null; goto(at); },
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  function follow(address) {
    const fields = new URLSearchParams(address.slice(1));
    const step = Number(fields.get("step"));
    const entry = /^(\d+),(\d+)$/.exec(fields.get("entry") ?? "");
    chosen = entry && Number(entry[1]) < run.nodes ? { node: Number(entry[1]), index: Number(entry[2]) } : null;
    // Steps behind the last lead to the last.
    goto(run.ofStep.get(step) ?? (step > run.steps ? run.length - 1 : 0), false);
    if (chosen) byId("why").scrollIntoView({ block: "nearest" });
  }
  follow(location.hash);
}

function stepBefore(run, at) {
  for (let k = at; k >= 0; k -= 1) if (run.moments[k].step) return run.moments[k].step;
  return 0;
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

start();
