// The panels beside the diagram: what happened, the state of the nodes, the messages in flight, and why.

/** At most this many entries of each log are shown at once: the last ones. */
const SHOWN_ENTRIES = 14;

/** What happened in a moment. `ask`, if the page can ask the program, explains or switches rules, and asks why. */
function happenedPanel(run, at, chooseStep, ask) {
  const moment = run.moments[at];
  const lines = moment.lines.map(([kind, text, rule]) => {
    const line = element("p", { class: `told ${kind}` });
    if (rule) {
      const [, paper] = run.rules[rule] ?? ["", ""];
      line.append(element("span", { class: "verdict" }, `${kind} `), ruleName(run, rule, ask), ` (${paper}): ${text}`, ...switchOffer(run, rule, ask));
    } else {
      line.append(text);
    }
    return line;
  });
  const got = moment.got === null ? null : run.byId.get(moment.got);
  if (got) {
    const sent = run.moments[got.sent];
    const link = element("button", { type: "button", class: "link", onclick: () => chooseStep(got.sent) }, sent.step ? `step ${sent.step}` : seconds(sent.time));
    lines.unshift(element("p", { class: "told from" }, `${got.says}. It was sent in `, link, "."));
  }
  const violated = moment.step ? run.violations.filter(({ step }) => step === moment.step) : [];
  lines.unshift(...violated.map(({ text }) => element("p", { class: "told violated" }, `✗ ${text}`)));
  const client = ask && moment.kind === "client" && /^client (\d+) /.exec(moment.title);
  if (client) lines.push(element("p", {}, element("button", { type: "button", class: "link", onclick: () => ask.why(`told client ${client[1]}`) }, "Why is it told this?")));
  return lines;
}

/** The name of a rule, with what it says for the pointer. If the page can ask the program, choosing it shows that. */
function ruleName(run, rule, ask) {
  const [statement] = run.rules[rule] ?? [""];
  const name = element("b", { title: statement }, rule);
  return ask ? element("button", { type: "button", class: "link plain", title: statement, onclick: () => ask.about(rule) }, name) : name;
}

/** Offers the same run with a rule the other way, if the page can ask the program. */
function switchOffer(run, rule, ask) {
  if (!ask) return [];
  return [" ", element("button", { type: "button", class: "link", title: `The same run with ${rule} the other way`, onclick: () => ask.rule(rule) }, run.broken.includes(rule) ? "with it?" : "without it?")];
}

/** A sentence of an answer to why. A verdict has its rule's name in its text, and offers the same as beside a step. */
function answerLine(run, [kind, text, rule], looks, ask) {
  const begins = rule ? text.indexOf(rule) : -1;
  if (begins < 0) return element("p", { class: `${looks}${kind}` }, text);
  return element("p", { class: `${looks}${kind}` }, text.slice(0, begins), ruleName(run, rule, ask), text.slice(begins + rule.length), ...switchOffer(run, rule, ask));
}

function nameOf(message) {
  return `${message.name} from n${message.from} to n${message.to}`;
}

/** A table of the nodes, with their logs below each other, as in the paper's figures. */
function nodesTable(run, at, chosen, choose, ask) {
  const states = run.states[at];
  const longest = Math.max(0, ...states.map((state) => state.last?.index ?? 0));
  const from = Math.max(1, longest - SHOWN_ENTRIES + 1);
  const indexes = Array.from({ length: longest - from + 1 }, (_, nth) => from + nth);
  const head = element("tr", {},
    ...["node", "role", "term", "vote", "commit"].map((name) => element("th", { scope: "col" }, name)),
    from > 1 ? element("th", { class: "more" }, "…") : null,
    ...indexes.map((index) => element("th", { scope: "col", class: "index" }, index)));
  const acting = run.moments[at].node;
  const rows = states.map((state, node) => {
    const entries = new Map(entriesFrom(state.last, from).map((entry) => [entry.index, entry]));
    const cells = indexes.map((index) => entryCell(state, node, index, entries.get(index), chosen, choose));
    const cell = (kind, text, asked, act) => element("td", { class: kind },
      ask ? element("button", { type: "button", class: "link plain", title: asked, onclick: act }, text) : text);
    const blame = (field) => () => ask.blame(node, field);
    const leads = state.up && state.role === "leader" ? "leader" : "not leader";
    return element("tr", { class: `${looks(state)}${node === acting ? " acting" : ""}` },
      element("th", { scope: "row" }, `n${node}`),
      cell("role", standing(state), `Why is n${node} ${leads === "leader" ? "the" : "not the"} leader?`, () => ask.why(`${leads} ${node}`)),
      cell("", String(state.term), `Which step made the term of n${node} ${state.term}?`, blame("currentTerm")),
      cell("", state.vote === null ? "–" : `n${state.vote}`, `Which step made this the vote of n${node}?`, blame("votedFor")),
      cell("", committedOf(state), `Since which step is the commit index of n${node} ${committedOf(state)}?`, blame("commitIndex")),
      from > 1 ? element("td", { class: "more" }, "…") : null,
      ...cells);
  });
  return [element("table", { class: "nodes" }, element("thead", {}, head), element("tbody", {}, ...rows)), whyOffer(states, acting, chosen, choose)].filter(Boolean);
}

/** Offers to ask why of the newest entry of the node that acts. */
function whyOffer(states, node, chosen, choose) {
  const entry = node === null || !states[node].up ? null : states[node].last;
  if (!entry || (chosen?.node === node && chosen.index === entry.index)) return null;
  const not = entry.index <= states[node].commit ? "" : "not ";
  return element("button", { type: "button", class: "link", id: "why-offer", onclick: () => choose(node, entry.index) }, `Why is entry ${entry.index} ${not}committed on n${node}?`);
}

/** The commit index of a node, which one that is down has lost. */
function committedOf(state) {
  return state.up ? String(state.commit) : "–";
}

function entryCell(state, node, index, entry, chosen, choose) {
  if (!entry) return element("td", { class: "entry none" }, "");
  const committed = index <= state.commit;
  const what = `entry ${index} of n${node}: term ${entry.term}, ${entry.text}, ${committed ? "committed" : "not known to be committed here"}`;
  const pressed = chosen && chosen.node === node && chosen.index === index;
  const button = element("button", {
    type: "button", title: what, "aria-label": what, "aria-pressed": pressed ? "true" : "false",
    class: `${committed ? "committed" : "open"} term-${entry.term % 6}`, onclick: () => choose(node, index),
  }, entry.term);
  return element("td", { class: "entry" }, button);
}

const PROBING = "the leader sends one request at a time until it knows where the logs agree";

/** What each leader knows of the others (Figure 2, volatile state on leaders). */
function leaderTables(states) {
  return states.flatMap((state, node) => {
    if (!state.up || !state.peers) return [];
    const peers = state.peers.map((peer, id) => ({ peer, id })).filter(({ peer, id }) => peer && id !== node);
    const row = (name, title, value) => element("tr", {}, element("th", { scope: "row", title }, name), ...peers.map(({ peer }) => element("td", {}, value(peer))));
    return [element("table", { class: "peers" },
      element("thead", {}, element("tr", {}, element("th", { scope: "col" }, `n${node} leads`), ...peers.map(({ id }) => element("th", { scope: "col" }, `n${id}`)))),
      element("tbody", {},
        row("nextIndex", "the next entry to send to this node", (peer) => peer[0]),
        row("matchIndex", "up to here the leader knows that the logs agree", (peer) => peer[1]),
        row("probing", PROBING, (peer) => (peer[2] ? "yes" : "no")))),
    // A title alone is not seen by those who use no pointer, and the paper does not have this word.
    element("p", { class: "hint probing" }, `probing: ${PROBING}`)];
  });
}

function whyPanel(run, at, chosen, answer, ask) {
  if (!chosen) return null;
  const state = run.states[at][chosen.node];
  const title = `Entry ${chosen.index} of n${chosen.node} (${placeOf(run, at)})`;
  if (!state.last || state.last.index < chosen.index) {
    return [element("h3", {}, title), element("p", {}, "It is not in this log at this moment.")];
  }
  const entry = upTo(state.last, chosen.index);
  return [
    element("h3", {}, `${title}: term ${entry.term}, ${entry.text}`),
    ...(answer ?? []).map((sentence) => answerLine(run, sentence, "", ask)),
  ];
}

function flightPanel(run, at, chooseMessage) {
  const messages = run.inFlight(at);
  if (messages.length === 0) return [element("p", { class: "hint" }, "Nothing.")];
  const shown = messages.slice(-40);
  const items = shown.map((message) => element("li", { "data-message": message.id },
    element("details", {},
      element("summary", { onfocus: () => chooseMessage(message.id), onblur: () => chooseMessage(null) }, `${nameOf(message)}: ${brief(message)}`),
      element("p", { class: "says" }, message.says))));
  const rest = messages.length - shown.length;
  return [
    rest > 0 ? element("p", { class: "hint" }, `${rest} older ones, and these:`) : null,
    element("ul", { class: "flight" }, ...items),
  ].filter(Boolean);
}

/** What distinguishes a message from others of its name, in a few words. */
function brief(message) {
  const said = message.says.slice(message.says.indexOf(":") + 2);
  return said.length <= 44 ? said : `${said.slice(0, 43)}…`;
}

function messageTip(run, id) {
  const message = run.byId.get(id);
  const way = message.lost ? `lost: ${message.lost[1]}` : message.got.length === 0 ? "on its way" : `arrived after ${((run.moments[message.got[0]].time - run.moments[message.sent].time) / 1000).toFixed(1)} ms`;
  return [element("b", {}, nameOf(message)), element("p", {}, message.says), element("p", {}, way)];
}

function judgedPanel(run, chooseStep) {
  const violations = run.violations.map(({ step, text }) => element("p", { class: "told violated" },
    element("button", { type: "button", class: "link", onclick: () => chooseStep(run.ofStep.get(step) ?? run.length - 1) }, `step ${step}`), `: ✗ ${text}`));
  const rows = run.properties.map(([name, checks, violated]) => element("tr", { class: violated ? "violated" : "" },
    element("td", {}, violated ? "✗ violated" : checks > 0 ? "✓ held" : "not asked"), element("th", { scope: "row" }, name), element("td", { class: "number" }, `${checks} ${name === "Linearizability" ? "answer" : "check"}${checks === 1 ? "" : "s"}`)));
  const list = (title, sentences) => (sentences.length === 0 ? [] : [element("h3", {}, title), element("ul", { class: "glance" }, ...sentences.map(([step, text]) => element("li", {},
    element("button", { type: "button", class: "link plain", title: `Look at step ${step}`, onclick: () => chooseStep(run.ofStep.get(step) ?? run.length - 1) }, text))))]);
  const about = run.left_out ? [element("p", { class: "hint" }, run.left_out)] : [];
  return [...violations, element("table", { class: "properties" }, element("tbody", {}, ...rows)), ...list("Leaders", run.leaders), ...list("Clients", run.clients), ...about];
}
