// What a person does on the page, done by a script: it is put behind the page's own by `.ci/browser`, which
// reads the verdict from the title. Each check says what it saw if that is not what it should be.
"use strict";

(() => {
  const failed = [];
  const done = [];
  const $ = (id) => document.getElementById(id);
  const check = (what, seen, expected) => {
    done.push(what);
    if (JSON.stringify(seen) !== JSON.stringify(expected)) failed.push(`${what}: ${JSON.stringify(seen)} and not ${JSON.stringify(expected)}`);
  };
  const holds = (what, seen) => check(what, Boolean(seen), true);
  const press = (key) => document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  const step = () => Number(/step (\d+) of/.exec($("where").textContent)[1]);
  const show = (at) => { $("scrubber").value = at; $("scrubber").dispatchEvent(new Event("input")); };
  const record = JSON.parse($("run").textContent);
  const steps = Math.max(...record.moments.map((moment) => moment.step));

  holds("what a cell and its frame mean", document.body.textContent.includes("A cell is an entry of a log: its term. A solid frame means that the node knows that the entry is committed."));
  holds("what 2@1 means", document.body.textContent.includes("2@1 is the entry at index 2, of term 1."));
  check("what probing means is said where it stands", document.querySelectorAll("#peers .probing").length, document.querySelectorAll("#peers table").length);

  check("the scenario's question is asked", $("asks").hidden ? null : $("asks").textContent, record.question && `Question: ${record.question}`);

  // The address said where to begin.
  check("a link leads to its step", step(), 5);

  press("ArrowRight");
  const on = $("where").textContent;
  press("ArrowLeft");
  check("back leads where one came from", step(), 5);
  $("next").click();
  check("button and key do the same", $("where").textContent, on);
  press("End");
  check("End leads to the last step", step(), steps);
  holds("there is no step after the last", $("next").disabled);
  press("Home");
  holds("there is no step before the first", $("back").disabled);
  show($("scrubber").max);
  check("the scrubber leads to the end", step(), steps);
  holds("the address says the step", location.hash.startsWith(`#step=${steps}`));

  // Every moment can be shown, and says something; its nodes are those of the record.
  const logs = Array.from({ length: record.nodes }, () => []);
  const nodes = Array.from({ length: record.nodes }, () => ({ up: true, term: 0, commit: 0 }));
  press("Home");
  for (let at = 0; at < record.moments.length; at += 1) {
    const moment = record.moments[at];
    for (const after of moment.after) {
      logs[after.node] = logs[after.node].slice(0, after.keep).concat(after.add);
      nodes[after.node] = after;
    }
    if ($("happened-title").textContent !== moment.title) failed.push(`moment ${at} is not told`);
    const rows = [...document.querySelectorAll("#nodes .nodes tbody tr")];
    rows.forEach((row, node) => {
      const cells = [...row.querySelectorAll("td")].map((cell) => cell.textContent);
      const terms = [...row.querySelectorAll("td.entry button")].map((cell) => Number(cell.textContent));
      const shown = Math.max(0, ...logs.map((log) => log.length)) - 14;
      const expected = logs[node].slice(Math.max(shown, 0)).map(([term]) => term);
      if (Number(cells[1]) !== nodes[node].term || cells[3] !== (nodes[node].up ? String(nodes[node].commit) : "–")) failed.push(`moment ${at}: term or commit index of n${node}`);
      if (JSON.stringify(terms) !== JSON.stringify(expected)) failed.push(`moment ${at}: log of n${node}`);
    });
    const texts = [...document.querySelectorAll("#diagram text:not(.behind)")];
    const beyond = texts.filter((it) => it.getBBox().x < -1 || it.getBBox().x + it.getBBox().width > $("diagram").clientWidth + 1);
    if (beyond.length > 0) failed.push(`moment ${at}: the diagram cuts '${beyond[0].textContent}' at its edge`);
    const backings = [...document.querySelectorAll("#diagram .backing")].map((it) => it.getBBox());
    const bare = [...document.querySelectorAll("#diagram text.deed:not(.behind)")].filter((it) => {
      const text = it.getBBox();
      return !backings.some((box) => Math.abs(box.y + box.height / 2 - text.y - text.height / 2) < 11 && box.x <= text.x && box.x + box.width >= text.x + text.width - 1);
    });
    if (bare.length > 0) failed.push(`moment ${at}: lines and crosses can cover '${bare[0].textContent}'`);
    // What has no room in the diagram is there for the pointer.
    const said = texts.filter((it) => Math.abs(Number(it.getAttribute("y")) - 4 - (at + 0.5) * 22) < 11).map((it) => (it.querySelector("title") ?? it).textContent);
    if (["note", "phase", "link"].includes(moment.kind) && !said.includes(moment.title)) failed.push(`moment ${at}: '${moment.title}' cannot be read in the diagram`);
    press("ArrowRight");
  }
  done.push("every moment");

  // Jumps, and the diagram.
  press("Home");
  $("kind").value = "campaign";
  press("n");
  holds("n leads to the next campaign", /campaigns/.test(document.querySelector("#diagram .mark.campaign")?.textContent ?? ""));
  const drawn = document.querySelectorAll("#diagram circle.act").length;
  holds("what is seen is drawn", drawn > 0);
  const reach = document.querySelector("#diagram .reach");
  reach.dispatchEvent(new PointerEvent("pointerenter", { clientX: 60, clientY: 60 }));
  holds("a message tells its fields", !$("tip").hidden && /term/.test($("tip").textContent));
  reach.dispatchEvent(new PointerEvent("pointerleave"));
  holds("and no longer than one points at it", $("tip").hidden);
  const flew = (message) => (message.lost ? message.lost[0] - message.sent : -1);
  const longest = record.messages.reduce((one, other) => (flew(other) > flew(one) ? other : one));
  if (longest.lost) {
    show(longest.lost[0]);
    const crosses = [...document.querySelectorAll("#diagram path.lost")].map((it) => (Number(/,(-?[\d.]+)L/.exec(it.getAttribute("d"))[1]) + 4) / 22);
    holds("a lost message ends where it was lost", crosses.some((row) => Math.abs(row - longest.lost[0] - 0.9) < 0.05));
  }
  const before = document.querySelectorAll("#diagram circle.act").length;
  for (let k = 0; k < 4; k += 1) press("-");
  holds("more rows fit when they are closer", document.querySelectorAll("#diagram circle.act").length >= before);

  // The page says where to begin, and what can be asked at a moment.
  const begins = [...document.querySelectorAll("#beginnings button:first-child")];
  check("each beginning is named once", new Set(begins.map((link) => link.textContent)).size, begins.length);
  check("it says where to begin", begins.length > 0, record.moments.some((moment) => moment.marks.some((mark) => mark !== "campaign" && mark !== "crash" && mark !== "client")));
  for (const link of begins) {
    link.click();
    const named = /^(before step 1|(after )?step (\d+)(, n\d)?): ./.exec(link.textContent);
    holds(`a beginning leads to its step: ${link.textContent}`, named[3] ? $("where").textContent.startsWith(`${named[2] ?? ""}step ${named[3]} of`) : $("where").textContent.startsWith("before step 1"));
  }
  const parts = record.moments.filter(({ kind }) => kind === "phase").map(({ title }) => title);
  check("the parts of the story are named", begins.map((link) => /step \d+: (.*)$/.exec(link.textContent)?.[1]).filter(Boolean), parts.slice(0, 5));
  check("one can jump to them", [...$("kind").options].some(({ value }) => value === "phase"), parts.length > 0);
  const waits = record.moments.find(({ lines }) => lines.some(([kind, , rule]) => kind === "waits" && rule === "commit-only-current-term"));
  const askWhy = (what) => [...document.querySelectorAll("#beginnings li")].find((it) => it.textContent.includes(what))?.children[1];
  if (waits) {
    askWhy("does not commit").click();
    holds("it names the entry that waits, and says why", $("why").textContent.includes("commit-only-current-term"));
  }
  const committed = askWhy(": commits");
  if (committed) {
    committed.click();
    holds("the first commit says why", /is committed/.test($("why").textContent));
    press("Escape");
    const offer = $("why-offer");
    holds("a question is offered", /^Why is entry \d+ (not )?committed on n\d\?$/.test(offer?.textContent));
    offer?.click();
    holds("it is answered", !$("why").hidden && $("why").querySelectorAll("p").length > 0);
    press("Escape");
  }

  // An entry can be asked.
  press("End");
  const entry = document.querySelector("#nodes td.entry button");
  if (entry) {
    entry.click();
    holds("an entry tells what it is", !$("why").hidden && $("why").textContent.includes("Entry"));
    holds("and why", $("why").querySelectorAll("p").length > 0);
    press("Escape");
    holds("until it is put away", $("why").hidden);
  }

  // Nothing is wider than the window, every control has a name, and texts are texts.
  holds("the page is no wider than the window", document.documentElement.scrollWidth <= innerWidth);
  const nameless = [...document.querySelectorAll("button, select, input")].filter((it) => !(it.textContent.trim() || it.getAttribute("aria-label") || it.closest("label")));
  check("every control has a name", nameless.length, 0);
  check("nothing of the run is markup", document.querySelectorAll("main img, main script, header script, main a").length, 0);
  holds("nothing of it was run", !window.hostile);
  const contrast = getComputedStyle(document.body);
  holds("text and page differ", contrast.color !== contrast.backgroundColor);

  document.title = failed.length === 0 ? `passed ${done.length}` : `failed ${failed.join("; ")}`;
})();
