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
  addEventListener("hashchange", () => viewer.follow(location.hash));
  viewer.follow(location.hash);
}

start();
