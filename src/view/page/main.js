// The page of a recorded run, which holds the whole record with the answers.

function start() {
  const run = new Run(JSON.parse(byId("run").textContent));
  const viewer = new Viewer({
    why: (panel, shown, at, chosen) => {
      const said = whyPanel(shown, at, chosen, chosen && shown.answer(at, chosen.node, chosen.index));
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

/** Links to the first moment of each important kind, and to why the first commit was one. */
function beginnings(run, viewer) {
  const found = ["elected", "commit", "refused", "truncated", "overridden", "violated"].flatMap((mark) => {
    const at = run.marked(-1, mark, 1);
    return at === null ? [] : [{ at, mark, node: run.moments[at].node }];
  });
  const link = ({ at, mark, node }) => {
    const violation = run.violations.find(({ step }) => step === run.moments[at].step);
    const text = mark === "violated" ? `✗ ${violation.text.split(":")[0]} is violated` : `n${node} ${run.moments[at].mark}`;
    const show = (chosen) => { viewer.chosen = chosen; viewer.goto(at); };
    const index = run.states[at][node]?.commit;
    const why = mark === "commit" ? element("button", { type: "button", class: "link", onclick: () => { show(null); viewer.choose(node, index); } }, "why?") : null;
    return element("li", {}, element("button", { type: "button", class: "link", onclick: () => show(null) }, `step ${run.moments[at].step}: ${text}`), " ", why);
  };
  return found.sort((one, other) => one.at - other.at).map(link);
}

start();
