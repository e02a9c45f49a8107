// The page of a recorded run, which holds the whole record with the answers.

function start() {
  const run = new Run(JSON.parse(byId("run").textContent));
  const viewer = new Viewer({
    why: (panel, shown, at, chosen) => {
      const said = whyPanel(shown, at, chosen, chosen && shown.answer(at, chosen.node, chosen.index), null);
      panel.hidden = !said;
      panel.replaceChildren(...(said ?? []));
    },
  });
  viewer.use(run);
  viewer.offer(KINDS.filter(([kind]) => run.moments.some((moment) => moment.marks.includes(kind))));
  byId("beginnings").replaceChildren(...beginnings(run, viewer));
  addEventListener("hashchange", () => viewer.follow(location.hash));
  viewer.follow(location.hash);
}

/** At most this many parts of the story are named: the first ones. The rest is found by "to the next". */
const SHOWN_PARTS = 5;

/** The first moment in which an entry of an older term waits for one of the leader's own; null if there is none. */
function firstWait(run) {
  const waits = ([kind, , rule]) => kind === "waits" && rule === "commit-only-current-term";
  const at = run.moments.findIndex(({ lines }) => lines.some(waits));
  return at < 0 ? null : at;
}

/**
 * Links to the parts of the story and to the first moment of each important kind, and to why the first commit was one
 * and why the first entry that waited was not committed.
 */
function beginnings(run, viewer) {
  const parts = run.moments.flatMap(({ kind }, at) => (kind === "phase" ? [at] : [])).slice(0, SHOWN_PARTS);
  const [commit, wait] = [run.marked(-1, "commit", 1), firstWait(run)];
  const found = ["elected", "refused", "truncated", "overridden", "violated"].map((mark) => run.marked(-1, mark, 1));
  const moments = [...new Set([...found, ...parts, commit, wait])].filter((at) => at !== null).sort((one, other) => one - other);
  return moments.map((at) => {
    const { step, node, mark, title, kind } = run.moments[at];
    if (kind === "phase") return element("li", {}, element("button", { type: "button", class: "link", onclick: () => { viewer.chosen = null; viewer.goto(at); } }, `${placeOf(run, at)}: ${title}`));
    const violation = run.violations.find((violated) => violated.step === step);
    const text = [mark, violation && `✗ ${violation.text.split(":")[0]} is violated`].filter(Boolean).join("; ");
    const show = () => { viewer.chosen = null; viewer.goto(at); };
    // The entry after the commit index is one of those that wait.
    const why = () => { show(); viewer.choose(node, run.states[at][node].commit + (at === commit ? 0 : 1)); };
    return element("li", {}, element("button", { type: "button", class: "link", onclick: show }, `step ${step}, n${node}: ${text}`), " ",
      at === commit || at === wait ? element("button", { type: "button", class: "link", onclick: why }, "why?") : null);
  });
}

start();
