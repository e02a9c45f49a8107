#!/usr/bin/env python3
"""The page of `raft-cluster explore`, used as a person would: with clicks, drags and keys.

    explore.py RAFT-CLUSTER BROWSER FOLDER

Pictures are left in FOLDER. Each check says what it saw if that is not what it should be."""

import subprocess

import answers
import moments
from chromium import Browser
from page import BROWSER, FOLDER, PROGRAM, Page, check


def elect_by_clicks():
    with Page("--nodes", "3") as page:
        page.node(0, "end its timer")
        frame = "A cell is an entry of a log: its term. A solid frame means that the node knows that the entry is committed."
        check("what a cell and its frame mean", frame in page.eval("document.body.textContent"), True)
        check("who campaigns", page.states()[0], ("candidate", "1", "n0", "0"))
        page.message("request-vote 0 -> 1", "deliver")
        page.message("request-vote-reply 1 -> 0", "deliver")
        check("who leads", page.roles(), ["leader", "follower", "follower"])
        check("what was done", page.lines(), ["timeout 0", "deliver request-vote 0 -> 1", "deliver request-vote-reply 1 -> 0"])
        page.submit(0, "SET x=1")
        page.click("#next-kind")
        check("the next commit comes", page.states()[0][3] > "0", True)
        page.browser.screenshot(f"{FOLDER}/explore-elected.png")


def split_vote():
    with Page("--nodes", "4", dark=True) as page:
        page.click("#manual")
        for node in (0, 1):
            page.node(node, "end its timer")
        page.message("request-vote 0 -> 2", "deliver")
        page.message("request-vote 1 -> 3", "deliver")
        page.message("request-vote 0 -> 3", "deliver")
        page.message("request-vote 1 -> 2", "deliver")
        for name in ("request-vote-reply 2 -> 0", "request-vote-reply 3 -> 1", "request-vote-reply 3 -> 0", "request-vote-reply 2 -> 1"):
            page.message(name, "deliver")
        check("nobody leads", page.roles(), ["candidate", "candidate", "follower", "follower"])
        offered = page.eval("document.getElementById('questions').options[0].value")
        check("questions are offered", offered, "committed INDEX[@TERM] [on N]")
        page.eval("explore.viewer.ask.why('not leader 0')")
        page.browser.wait("document.querySelector('#answered .told')")
        answer = page.eval("document.getElementById('answered').textContent")
        check("why nobody leads", "got 2 votes, where 3 are needed" in answer, True)
        check("what would help", "too few votes can still come in term 1" in answer, True)
        torn = "[...document.querySelectorAll('#flight li > button')].map((it) => it.offsetHeight > 30)"
        rows = page.eval(torn)
        check("there are messages in flight to choose", len(rows) > 0, True)
        check("no word to choose one is torn", any(rows), False)
        page.browser.screenshot(f"{FOLDER}/explore-split-vote.png")


def figure_8(rule=None):
    """The paper's figure, up to where n4 comes back and leads."""
    with Page() as page:
        page.click("#new-no-op")
        if rule:
            page.eval(f"document.getElementById('new-rule').value = '{rule}'")
        page.click("#new button")
        page.browser.wait("explore.known.world > 1")
        check("what is broken", page.eval("explore.run.about.at(-1)"), f"Broken: {rule}." if rule else "All rules are kept.")
        page.click("#manual")

        def lead(node, voters, times=1):
            for _ in range(times):
                page.node(node, "end its timer")
            for voter in voters:
                page.message(f"request-vote {node} -> {voter}", "deliver")
                page.message(f"request-vote-reply {voter} -> {node}", "deliver")
            check("who leads", page.roles()[node], "leader")

        lead(0, (1, 2))
        page.submit(0, "SET x=first")
        page.message("append-entries 0 -> 1", "deliver")
        page.node(0, "crash")
        lead(4, (2, 3), times=2)
        page.submit(4, "SET x=other")
        page.node(4, "crash")
        page.node(0, "restart")
        lead(0, (1, 2), times=2)
        # n2 lacks the entry, and refuses once.
        for name in ("append-entries 0 -> 1", "append-entries-reply 1 -> 0", "append-entries 0 -> 2", "append-entries-reply 2 -> 0", "append-entries 0 -> 2", "append-entries-reply 2 -> 0"):
            page.message(name, "deliver")
        holders = page.eval("explore.run.states[explore.viewer.end].filter((state) => state.last?.term === 1).length")
        check("how many hold the entry", holders, 3)
        committed = page.states()[0][3]
        check("what a majority holds is committed", committed, "1" if rule else "0")
        if not rule:
            page.click('#nodes tbody tr:nth-child(1) td.entry button')
            page.browser.wait("document.getElementById('why').textContent.includes('commit-only-current-term')")
            page.browser.screenshot(f"{FOLDER}/explore.png")
        page.node(0, "crash")
        page.node(4, "restart")
        lead(4, (2, 3), times=2)
        violated = page.violated()
        check("Leader Completeness is violated", any(text.startswith("Leader Completeness") for text in violated), bool(rule))
        if rule:
            check("the page shows it", "✗ violated" in page.eval("document.getElementById('judged').textContent"), True)
            page.eval("explore.otherwise('commit-only-current-term')")
            page.browser.wait("!document.getElementById('otherwise').hidden")
            page.browser.screenshot(f"{FOLDER}/explore-figure-8-broken.png")


def partition_and_heal():
    with Page("--seed", "3") as page:
        page.eval("document.getElementById('kind').value = 'elected'")
        page.click("#next-kind")
        leader = page.roles().index("leader")
        page.click("#partition")
        others = [str(node) for node in range(5) if node != leader]
        page.browser.type("#selected input", f"{leader} {others[0]} | {' '.join(others[1:])}")
        page.button("partition")
        cut = page.eval("document.querySelectorAll('#ring .ring-link.cut').length")
        check("links that are drawn as cut", cut, 6)
        page.submit(leader, "SET x=lost")
        page.line("wait until leader other than " + str(leader))
        page.click("#heal")
        check("links that are cut after healing", page.eval("document.querySelectorAll('#ring .ring-link.cut').length"), 0)
        page.line("wait until in step")
        check("complaint", page.complaint(), "")
        check("one leads", page.roles().count("leader"), 1)
        # From one node onto another.
        page.browser.drag('.ring-node[data-node="1"]', '.ring-node[data-node="2"]')
        page.button("cut n1 → n2")
        check("the last line", page.lines()[-1], "cut 1 -> 2")


def crash_before_save():
    with Page("--nodes", "3") as page:
        page.node(1, "crash before it saves")
        check("it is said", "will crash" in page.eval("document.querySelector('.ring-node[data-node=\"1\"]').textContent"), True)
        page.node(1, "end its timer")
        check("it is down, and has forgotten its campaign", page.states()[1], ("down", "0", "–", "–"))
        page.node(1, "restart")
        check("it is back", page.roles()[1], "follower")
        page.node(0, "crash")
        check("one that is down has no commit index", page.states()[0][3], "–")
        page.click("#nodes tbody tr:nth-child(1) td:nth-of-type(4) button")
        check("and since its crash", "since 0.000 s: n0 CRASHES" in page.eval("document.getElementById('answered').textContent"), True)
        check("nor does the ring name one", "commit index –" in page.eval("document.querySelector('.ring-node').getAttribute('aria-label')"), True)


def back_and_branch(saved):
    with Page("--nodes", "3", "--seed", "2") as page:
        page.line("wait until leader")
        page.line("write SET x=1")
        length = page.eval("explore.run.length")
        page.eval("document.activeElement.blur()")
        page.browser.press("Home")
        page.browser.press("ArrowRight")
        check("where one looks", page.eval("explore.viewer.at"), 1)
        page.browser.press("End")
        check("where the end is", page.eval("explore.viewer.at"), length - 1)
        page.browser.press("ArrowLeft")
        page.browser.press("ArrowLeft")
        page.click("#undo")
        check("what is left", page.lines()[0], "wait until leader")
        page.click("#redo")
        check("the same run again", page.eval("explore.run.length"), length)
        page.eval("explore.viewer.goto(1)")
        page.node(2, "crash")
        check("a branch", page.lines()[-1], "crash 2")
        check("the first line of it", page.lines()[0].startswith("step"), True)
        others = page.eval("[...document.querySelectorAll('#lines .branch')].map((it) => it.textContent)")
        check("the other branch is named", others, ["another branch, instead of this: wait until leader, and 1 more line"])
        check("how many there are is said", page.eval("document.getElementById('branches').textContent"), "2 branches of lines. The links lead to the ends of the others.")
        page.click("#lines .branch")
        check("it is as it was", page.eval("explore.run.length"), length)
        trace = page.eval("fetch('trace.jsonl').then((it) => it.text())")
        script = page.eval("fetch('scenario.raft').then((it) => it.text())")
        link = page.eval("explore.script().then((text) => '#run=' + encodeURIComponent(text))")
        page.browser.type("#link-text", link)
        page.click("#link button")
        page.browser.wait("explore.head.planned.length > 0")
        check("what was there before can be had back", page.eval("document.getElementById('had') !== null"), True)
        page.click("#rest")
        check("a link holds the run", page.eval("explore.run.length"), length)
    for name, text, arguments in (("saved.jsonl", trace, ["replay", "--verify"]), ("saved.raft", script, ["run", "--virtual", "--view", "quiet"])):
        with open(f"{saved}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run([PROGRAM, arguments[0], f"{saved}/{name}", *arguments[1:]], capture_output=True, text=True, check=False)
        check(f"{name} does it again", (done.returncode, done.stderr), (0, ""))


def keyboard_only():
    with Page("--nodes", "3") as page:
        page.eval("document.querySelector('.ring-node').focus()")
        page.browser.press("Enter")
        page.settle()
        check("the node is chosen", "n0" in page.eval("document.getElementById('selected').textContent"), True)
        page.eval("document.querySelector('#selected button').focus()")
        page.browser.press("Enter")
        page.settle()
        check("its timer ended", page.roles()[0], "candidate")
        page.eval("document.activeElement.blur()")
        page.browser.press("ArrowRight")
        page.settle()
        check("the next event came", page.eval("explore.run.steps"), 2)
        page.line("why leader")
        page.browser.wait("document.querySelector('#answered .told')")
        page.line("crsh 1")
        check("what is refused", "did you mean 'crash'?" in page.complaint(), True)
        check("it stays to be mended", page.eval("document.getElementById('line').value"), "crsh 1")


def texts_of_the_ring():
    """Each text of a node stands within its circle, the inner one of a leader, and is large enough to be read."""
    outside = (
        "[...document.querySelectorAll('.ring-node > text')].filter((it) => { const box = it.getBBox(), r = 35;"
        " return box.width > 0 && [box.x, box.x + box.width].some((x) => [box.y + 3, box.y + box.height - 3].some((y) => Math.hypot(x, y) > r)); })"
        ".map((it) => it.textContent)"
    )
    for width in (1360, 390, 320):
        with Page("--nodes", "5", size=(width, 860)) as page:
            page.line("elect 0")
            for act in ("pause 0", "crash 1", "pause 2", "crash 3 before save"):
                page.line(act)
            check(f"texts that leave their node at {width}", page.eval(outside), [])
            size = page.eval("11 * document.getElementById('ring').getScreenCTM().a")
            check(f"the size of the small texts at {width}: {size}", size > 8, True)
            page.browser.screenshot(f"{FOLDER}/explore-ring-{width}.png")


def lines_that_fail_otherwise():
    with Page("--nodes", "3") as page:
        for line in ("elect 0", "wait until in step", "expect safe"):
            page.line(line)
        page.eval("explore.otherwise('vote-cleared-only-by-new-term')")
        page.browser.wait("document.getElementById('failed-lines')")
        check("which line failed, and why", page.eval("document.getElementById('failed-lines').textContent"), "line 3: expect safe: a property was violated.")


def narrow_and_hostile():
    with Page("--nodes", "3", size=(390, 844), dark=True) as page:
        page.line("submit to 0 SET <img src=x onerror=document.title=1>=1")
        page.line("note </script><script>document.title='forged'</script>")
        # Words that nothing breaks.
        unbroken = "unbroken" * 30
        for line in (f"phase {unbroken}", f"note {unbroken}", "timeout 0", "wait 1s", f"write SET {unbroken}={unbroken}"):
            page.line(line)
        page.line("wait 2s")
        wide = page.eval("document.documentElement.scrollWidth")
        check("nothing is wider than the window", wide <= 390, True)
        check("text is text", page.eval("document.querySelectorAll('img').length + ('forged' === document.title ? 1 : 0)"), 0)
        page.browser.screenshot(f"{FOLDER}/explore-narrow.png")


def edits():
    with Page("--nodes", "3") as page:
        page.node(0, "end its timer")
        page.click("#edit-lines")
        page.browser.wait("document.getElementById('edited').value.includes('timeout 0')")
        text = page.eval("document.getElementById('edited').value")
        page.browser.type("#edited", text.replace("timeout 0", "timeout 1\nwaitt 1s"))
        page.click("#edit button")
        page.browser.wait("!document.getElementById('complaint').hidden")
        check("what is wrong", "'waitt' does not fit; expected perhaps 'wait'" in page.complaint(), True)
        check("it stays to be mended", "waitt" in page.eval("document.getElementById('edited').value"), True)
        page.browser.type("#edited", text.replace("timeout 0", "timeout 1\nwait 1s"))
        page.click("#edit button")
        page.browser.wait("document.getElementById('edit').hidden")
        page.settle()
        check("the edited lines are done", page.lines(), ["timeout 1", "wait 1s"])
        check("who leads", page.roles()[1], "leader")


def predicts():
    with Page("--nodes", "3") as page:
        page.node(0, "end its timer")
        page.click("#predict")
        page.eval("document.getElementById('predict').focus()")
        page.browser.press("ArrowRight")
        page.settle()
        check("what will happen is not shown", page.eval("document.querySelectorAll('#diagram .mark:not(.behind)').length"), 1)
        check("it asks", page.eval("document.getElementById('question').textContent").count("What happens?"), 1)
        before = page.eval("explore.viewer.at")
        page.button("it grants its vote", "#question")
        check("it shows", page.eval("explore.viewer.at") > before, True)
        check("the score", page.eval("document.getElementById('score').textContent"), "1 of 1 right.")
        # What is done by hand asks too, and → goes past a question.
        page.click("#last")
        page.click("#manual")
        page.line("timeout 2")
        check("it says why it does not ask", "No question" in page.eval("document.getElementById('score').textContent"), True)
        page.line("deliver request-vote 2 -> 1")
        check("it asks", page.eval("document.querySelector('#question h3').textContent"), "n1 receives RequestVote from n2. What happens?")
        at = page.eval("explore.viewer.at")
        page.eval("document.activeElement.blur()")
        page.browser.press("ArrowRight")
        check("it goes on without an answer", (page.eval("explore.viewer.at"), page.eval("document.getElementById('question').hidden")), (at + 1, True))
        page.click("#back")
        check("what comes later is not drawn", page.eval("explore.viewer.diagram.hidden"), at + 1)
        page.click("#predict")
        check("until one no longer predicts", page.eval("explore.viewer.diagram.hidden"), None)


def two_windows():
    with Page("--nodes", "3") as page:
        other = Browser(BROWSER)
        other.open(page.address)
        other.wait("explore.run")
        page.node(1, "crash")
        other.eval("explore.line('crash 2')")
        other.wait("!document.getElementById('complaint').hidden")
        check("the other window is told", "another window" in other.eval("document.getElementById('complaint').textContent"), True)
        check("it shows what there is", other.eval("explore.run.states.at(-1).map((state) => state.up)"), [True, False, True])
        # A link behind the address of a fresh page is a run to open.
        other.open(page.address.split("#")[0] + "?again#run=nodes%204%0Atimeout%201")
        other.wait("explore.run && explore.run.nodes === 4")
        check("the line of the link", other.eval("explore.head.planned"), ["timeout 1"])
        other.close()
        page.eval("explore.act({ act: 'look' })")


def talks_back():
    with Page("--nodes", "3") as page:
        # What is typed while time passes is not lost.
        page.click('.ring-node[data-node="0"]')
        page.click("#play")
        page.browser.type("#command", "SET typed=1")
        page.browser.wait("explore.run.steps > 3")
        check("what was typed", page.eval("document.getElementById('command').value"), "SET typed=1")
        check("where one types", page.eval("document.activeElement.id"), "command")
        page.click("#play")
        page.settle()
        page.eval("explore.replace(async () => ({ name: 'explore', text: 'nodes 3' }))")
        page.browser.wait("explore.run.steps === 0")
        for posted, why in (("explore.line('x'.repeat(70000))", "64 KiB"), ("explore.post('open', { name: 'x', text: 'x'.repeat(17 << 20) })", "16 MiB")):
            page.eval(posted)
            check("what is too long is said to be", why in page.complaint(), True)
            check("the program still answers", page.eval("document.getElementById('lost').hidden"), True)
        # The browser itself notes each refusal.
        page.browser.log.clear()
        page.line("help")
        check("help is shown", "what can be typed" in page.eval("document.getElementById('said').textContent"), True)
        check("it can be seen", page.eval("!document.getElementById('said').hidden"), True)
        page.line("crash 1")
        page.line("timeout 0")
        page.line("cut 0 -> 2")
        for _ in range(2):
            page.line("step")
        said = page.eval("document.getElementById('said').textContent")
        check("a message that is lost is told of", "is lost" in said, True)
        # A double click on what crashes a node does not meet the button that comes in its place.
        page.click('.ring-node[data-node="2"]')
        x, y = page.browser.place("#selected button[title='crash 2']")
        for count in (1, 2):
            for kind in ("mousePressed", "mouseReleased"):
                page.browser._mouse(kind, x, y, button="left", clickCount=count)
        page.settle()
        check("what a double click did", page.lines()[-1], "crash 2")


def frames():
    """Nine nodes, and two hundred messages in flight: how long each frame takes, in milliseconds."""
    with Page("--nodes", "9") as page:
        page.line("elect 0")
        page.line("wait 1s")
        page.line("delay 20s..30s")
        for number in range(16):
            page.line(f"submit to 0 SET x={number}")
            page.line("heartbeat 0")
        flying = page.eval("explore.head.flights.length")
        check("enough in flight", flying >= 200, True)
        check("no word of the table is torn", page.eval("[...document.querySelectorAll('#nodes td > button.plain')].some((it) => it.offsetHeight > 30)"), False)
        page.eval("document.getElementById('speed').value = '1'")
        page.click("#play")
        page.eval("new Promise((done) => setTimeout(done, 3000))")
        drawn = sorted(page.eval("explore.frames.slice(5)"))
        page.click("#play")
        page.browser.screenshot(f"{FOLDER}/explore-busy.png")
        took = page.eval("(async () => { const all = []; for (let k = 0; k < 20; k += 1) { const began = performance.now(); await explore.post('do', { known: explore.known, act: 'look' }); all.push(performance.now() - began); } return all; })()")
        print(f"{flying} messages in flight: a frame takes {drawn[len(drawn) // 2]:.1f} ms, of a hundred one {drawn[-1 - len(drawn) // 100]:.1f} ms; an answer {sorted(took)[10]:.1f} ms")


def ends():
    with Page("--nodes", "3") as page:
        page.browser.type("#line", "crash 1")
        page.eval("explore.post('end', {})")
        check("it ends well", page.program.wait(10), 0)
        page.browser.press("Enter")
        page.browser.wait("!document.getElementById('lost').hidden")
        check("what was typed stays", page.eval("document.getElementById('line').value"), "crash 1")
        page.browser.log.clear()


for test in (elect_by_clicks, split_vote, figure_8, lambda: figure_8("commit-only-current-term"), partition_and_heal, crash_before_save,
             lambda: back_and_branch(FOLDER), keyboard_only, texts_of_the_ring, lines_that_fail_otherwise, narrow_and_hostile, edits, predicts, two_windows, talks_back, frames, ends,
             moments.a_paused_leader_leads, moments.says_where_a_branch_begins, moments.goes_on_by_the_lines_that_are_left,
             moments.by_hand_nothing_comes_by_itself, moments.answers_belong_to_a_moment,
             answers.the_other_run_is_seen, answers.an_answer_offers_the_other_run,
             answers.a_broken_rule_is_offered_with_it, answers.playing_asks_too,
             answers.the_question_of_a_scenario_is_asked, answers.why_says_what_one_can_ask, answers.status_is_a_question,
             answers.small_words, answers.a_narrow_page_keeps_its_steps):
    test()
print("explore: all is as it should be")
