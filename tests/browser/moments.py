"""What the page of `raft-cluster explore` says of a moment, and how the run goes on from it."""

from page import FOLDER, Page, check


def a_paused_leader_leads():
    with Page("--nodes", "3") as page:
        page.line("elect 0")
        page.node(0, "pause")
        check("the table", page.roles()[0], "leader, paused")
        ring = '.ring-node[data-node="0"]'
        check("the panel", page.eval("document.querySelector('#selected h3').textContent"), "n0: leader, paused, term 1")
        check("the ring", page.eval(f"[...document.querySelectorAll('{ring} text')].slice(0, 3).map((it) => it.textContent)"), ["n0", "leader", "paused"])
        check("who listens", "leader, paused" in page.eval(f"document.querySelector('{ring}').getAttribute('aria-label')"), True)
        for place in (ring, "#nodes tbody tr", "#columns .head", "#diagram .life"):
            looks = page.eval(f"['leader', 'paused'].map((look) => [...document.querySelectorAll('{place}')].some((it) => it.classList.contains('leader') && it.classList.contains(look)))")
            check(f"the look of {place}", looks, [True, True])
        page.browser.screenshot(f"{FOLDER}/explore-paused.png")
        page.node(0, "resume")
        page.node(0, "crash before it saves")
        check("one that will crash leads too", page.eval(f"[...document.querySelectorAll('{ring} text')].slice(0, 3).map((it) => it.textContent)"), ["n0", "leader", "will crash"])


def says_where_a_branch_begins():
    with Page("--nodes", "3", "--seed", "2") as page:
        page.line("wait until leader")
        page.line("write SET x=1")

        def promised(at):
            page.eval(f"explore.viewer.goto({at})")
            return page.eval("document.getElementById('past-text').textContent").split(". ", 1)[1]

        here, after = "What you do now begins a branch here.", "The line 'write SET x=1' cannot be divided: what you do now comes after it."
        between = page.eval("explore.head.lines[0].moment")
        check("within a line that only lets time pass", promised(1), here)
        check("between two lines", promised(between), here)
        check("within a line that is kept whole", promised(between + 1), after)
        page.line("note within")
        check("what is done there comes after it", page.lines(), ["wait until leader", "write SET x=1", "note within"])
        check("what is done between two lines begins a branch", promised(between), here)
        page.line("note between")
        check("as was said", page.lines(), ["wait until leader", "note between"])


def goes_on_by_the_lines_that_are_left():
    with Page("figure-8") as page:
        planned = page.eval("explore.head.planned")
        told = "document.getElementById('onward').textContent"
        check("what → does", page.eval(told), "→ carries out the next line of the scenario, space all that are left.")
        for _ in range(3):
            page.browser.press("ArrowRight")
            page.settle()
        check("it did", page.lines(), planned[:3])
        page.browser.press("ArrowLeft")
        check("what → does in the past", page.eval(told), "→ shows the next moment, space plays on from here.")
        page.browser.press("End")
        page.eval("document.getElementById('kind').value = 'elected'")
        page.click("#next-kind")
        done = page.eval("explore.head.done")
        check("the lines until one leads", page.lines(), planned[:done])
        # The last lines one after the other, and then no more.
        page.eval("(async () => { while (explore.left > 2) await explore.act({ act: 'next' }); })()")
        page.eval("document.activeElement.blur()")
        page.browser.press(" ")
        check("it plays", page.eval("explore.playing"), True)
        page.browser.wait("!explore.playing")
        page.settle()
        check("all lines, and only these, are done", (page.lines()[-3:], page.complaint()), (planned[-3:], ""))


def by_hand_nothing_comes_by_itself():
    with Page("--nodes", "3", "--seed", "2") as page:
        page.line("wait until leader")
        page.eval("fetch('trace.jsonl').then((it) => it.text()).then((text) => explore.replace(async () => ({ name: 'x', text })))")
        page.settle()
        check("it says at the top that it is under manual control", "Manual control: no timer ends" in page.eval("document.getElementById('about').textContent"), True)
        lines, length = page.lines(), page.eval("explore.run.length")
        page.eval("document.activeElement.blur()")
        for key in ("ArrowRight", " "):
            page.browser.press(key)
            page.settle()
        told = "Nothing comes by itself: untick 'manual' to let it run."
        check("nothing is done", (page.lines(), page.complaint(), page.eval("explore.playing")), (lines, "", False))
        for button in ("next", "play"):
            seen = page.eval(f"[document.getElementById('{button}').disabled, document.getElementById('{button}').title]")
            check(f"{button} says why", seen, [True, told])
        # What has been can still be walked through and played.
        page.click("#first")
        page.click("#next")
        check("one step on", page.eval("explore.viewer.at"), 1)
        page.eval("document.getElementById('speed').value = '10'")
        page.click("#play")
        page.browser.wait("!explore.playing")
        check("it plays to the end", page.eval("[explore.viewer.at + 1, explore.run.length]"), [length, length])
        page.click("#manual")
        page.click("#next")
        check("the next event came", (page.eval("explore.run.length > " + str(length)), page.complaint()), (True, ""))


def answers_belong_to_a_moment():
    with Page("--nodes", "3") as page:
        def shown(box):
            return page.eval(f"document.getElementById('{box}').hidden ? '' : document.getElementById('{box}').textContent")

        page.line("elect 0")
        page.line("submit to 0 SET x=1")
        at = page.eval("explore.viewer.at")
        step = page.eval("explore.run.steps")
        page.line("why leader 0")
        page.browser.wait("document.querySelector('#answered .told')")
        check("an answer says when it is so", f"why leader 0? (at step {step})" in shown("answered"), True)
        page.click("#back")
        check("it goes when another moment is shown", shown("answered"), "")
        page.eval(f"explore.viewer.goto({at})")
        check("it does not come back by itself", shown("answered"), "")
        page.eval("explore.viewer.ask.blame(0, 'currentTerm')")
        page.browser.wait("!document.getElementById('answered').hidden")
        check("so does the answer to a click say it", f"currentTerm of n0 (at step {step})" in shown("answered"), True)
        page.line("step")
        check("and goes when the run goes on", shown("answered"), "")
        # An answer that comes when its moment is no longer shown is none.
        page.eval("(() => { const told = explore.why('leader 0'); explore.viewer.goto(1); return told; })()")
        check("a late answer is not shown", shown("answered"), "")
        page.line("help")
        page.click("#first")
        check("what the program said goes too", shown("said"), "")
        page.click("#last")
        page.click("#nodes td.entry button")
        page.browser.wait("document.querySelector('#why .finding')")
        check("why of an entry says when", f"(at step {page.eval('explore.run.steps')})" in shown("why"), True)

        page.eval("explore.otherwise('majority-quorum')")
        page.browser.wait("!document.getElementById('otherwise').hidden")
        page.eval("explore.viewer.goto(explore.viewer.end)")
        check("the other run is that of the whole run, not of a moment", "without majority-quorum" in shown("otherwise"), True)
        page.click("#undo")
        check("it goes with the run", shown("otherwise"), "")
