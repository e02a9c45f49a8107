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

/** Links to the first moment of each important kind, and to why the first commit was one. */
function beginnings(run, viewer) {
  const found = ["elected", "commit", "refused", "truncated", "overridden", "violated"].map((mark) => run.marked(-1, mark, 1));
  const moments = [...new Set(found)].filter((at) => at !== null).sort((one, other) => one - other);
  return moments.map((at) => {
    const { step, node, mark } = run.moments[at];
    const violation = run.violations.find((violated) => violated.step === step);
    const text = [mark, violation && `✗ ${violation.text.split(":")[0]} is violated`].filter(Boolean).join("; ");
    const show = () => { viewer.chosen = null; viewer.goto(at); };
    const why = () => { show(); viewer.choose(node, run.states[at][node].commit); };
    return element("li", {}, element("button", { type: "button", class: "link", onclick: show }, `step ${step}, n${node}: ${text}`), " ",
      at === found[1] ? element("button", { type: "button", class: "link", onclick: why }, "why?") : null);
  });
}

start();
