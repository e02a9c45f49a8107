"""What the page of `raft-cluster explore` answers, and what it offers to do with an answer."""

from page import FOLDER, Page, check

WAITS = "explore.run.moments.findIndex(({ lines }) => lines.some(([kind, , rule]) => kind === 'waits' && rule === 'commit-only-current-term'))"
# Where an element lies: above the part of its panel that can be seen, below it, or in it.
LIES = (
    "((it) => { const [box, panel] = [it, document.getElementById('details')].map((one) => one.getBoundingClientRect());"
    " return box.top < panel.top - 1 ? 'above' : box.top > panel.bottom - 20 ? 'below' : 'in'; })"
)


def figure_8_waits(page):
    """Carries out the scenario, and goes to the step in which an older entry waits."""
    page.eval("explore.act({ act: 'rest' })")
    page.settle()
    page.eval(f"explore.viewer.goto({WAITS})")
    check("there is such a step", page.eval("explore.viewer.at > 0"), True)


def the_other_run_is_seen():
    with Page("figure-8", size=(1360, 700)) as page:
        figure_8_waits(page)
        page.eval("explore.viewer.choose(explore.run.moments[explore.viewer.at].node, 2)")
        page.browser.wait("document.querySelector('#why .ground')")
        page.button("without it?", "#happened")
        page.browser.wait("!document.getElementById('otherwise').hidden")
        # The answer about the entry that is chosen comes later.
        page.eval("new Promise((done) => setTimeout(done, 500))")
        check("where the other run is", page.eval(f"{LIES}(document.querySelector('#otherwise h2'))"), "in")
        check("the entry stays chosen", page.eval("document.getElementById('why').hidden"), False)


def an_answer_offers_the_other_run():
    with Page("figure-8") as page:
        figure_8_waits(page)
        page.eval("explore.viewer.choose(explore.run.moments[explore.viewer.at].node, 2)")
        page.browser.wait("document.querySelector('#why .ground')")
        names = page.eval("[...document.querySelectorAll('#why .ground button.plain')].map((it) => it.textContent)")
        check("the rule's text is one click away", "commit-only-current-term" in names, True)
        page.click("#why button[title='The same run with commit-only-current-term the other way']")
        page.browser.wait("!document.getElementById('otherwise').hidden")
        check("which rule", "without commit-only-current-term" in page.eval("document.getElementById('otherwise').textContent"), True)
        page.line(f"why not committed 2 on {page.eval('explore.run.moments[explore.viewer.at].node')}")
        page.browser.wait("document.querySelector('#answered .ground')")
        page.button("without it?", "#answered")


def a_broken_rule_is_offered_with_it():
    with Page("broken/one-vote-per-term") as page:
        page.eval("explore.act({ act: 'rest' })")
        page.settle()
        page.eval("explore.viewer.goto(explore.run.marked(-1, 'overridden', 1))")
        offers = "[...document.querySelectorAll('#happened .told')].filter((it) => it.textContent.includes('one-vote-per-term')).map((it) => it.lastChild.textContent)"
        check("how a broken rule is offered", set(page.eval(offers)), {"with it?"})
        page.button("with it?", "#happened")
        page.browser.wait("!document.getElementById('otherwise').hidden")
        check("what is shown then", "with one-vote-per-term" in page.eval("document.getElementById('otherwise').textContent"), True)
        page.eval("explore.viewer.goto(explore.run.moments.findIndex(({ lines }) => lines.some(([, , rule]) => rule && rule !== 'one-vote-per-term')))")
        check("one that is kept", "without it?" in page.eval("document.getElementById('happened').textContent"), True)


def playing_asks_too():
    with Page("--nodes", "3") as page:
        page.node(0, "end its timer")
        page.click("#predict")
        page.eval("document.getElementById('speed').value = '1'")
        page.click("#play")
        page.browser.wait("!document.getElementById('question').hidden")
        page.settle()
        check("it plays no further than to the question", page.eval("[explore.playing, explore.asked - explore.viewer.at, document.getElementById('question').hidden]"), [False, 1, False])
        first = page.eval("explore.asked")
        check("the question can be answered by a key", page.eval("document.activeElement.closest('#question') !== null"), True)
        page.browser.press("Enter")
        page.settle()
        check("it shows what came", page.eval("explore.viewer.at"), first)
        page.click("#play")
        page.browser.wait(f"explore.asked > {first} && !document.getElementById('question').hidden")
        page.settle()
        # Playing on goes past a question that is not answered.
        second = page.eval("explore.asked")
        page.click("#play")
        page.browser.wait(f"explore.viewer.at >= {second}")
        # A scenario that plays by its lines asks in the same way.
    with Page("figure-8") as page:
        page.click("#predict")
        page.eval("document.getElementById('speed').value = '10'")
        page.click("#play")
        page.browser.wait("!document.getElementById('question').hidden")
        page.settle()
        check("and a scenario too", page.eval("[explore.playing, explore.questionOf(explore.viewer.at + 1) !== null]"), [False, True])


def the_question_of_a_scenario_is_asked():
    with Page("figure-8") as page:
        asks = page.eval("document.getElementById('asks').hidden ? '' : document.getElementById('asks').textContent")
        check("the question", asks.startswith("Question: In (c) the entry of term 2 is on three of five nodes."), True)
        page.click("#new button")
        page.browser.wait("explore.known.world > 1 && document.getElementById('asks').hidden")


def why_says_what_one_can_ask():
    with Page("--nodes", "3") as page:
        page.line("elect 0")
        title = "document.querySelector('#answered h3').textContent"
        listed = "[...document.querySelectorAll('#answered .questions li')].map((it) => it.textContent)"

        def ask(question, line="#why-line"):
            page.eval("document.getElementById('answered').replaceChildren()")
            page.browser.type(line, question)
            page.browser.press("Enter")
            page.browser.wait("document.querySelector('#answered h3')")
            return page.eval(title)

        check("the word typed once more", ask("why leader 0").startswith("why leader 0? "), True)
        check("it is answered", page.eval("document.querySelector('#answered .told').textContent").startswith("n0 "), True)
        for question, line in (("", "#why-line"), ("why", "#why-line"), ("why", "#line"), ("bananas", "#why-line")):
            ask(question, line)
            questions = page.eval(listed)
            check(f"the questions, after {question!r}", (len(questions), questions[2]), (9, "why leader N: why node N leads"))
        page.click("#answered .questions li:nth-child(3) button")
        check("a question can be completed", page.eval("[document.activeElement.id, document.getElementById('why-line').value]"), ["why-line", "leader N"])


def status_is_a_question():
    with Page("--nodes", "3") as page:
        page.line("elect 0")
        page.line("status")
        check("it is answered", "leader" in page.eval("document.getElementById('said').hidden ? '' : document.getElementById('said').textContent"), True)
        check("it is no line of the session", page.lines(), ["elect 0"])


def small_words():
    with Page("figure-8") as page:
        page.eval("(async () => { while (explore.left > 1) await explore.act({ act: 'next' }); })()")
        page.settle()
        check("what is left", page.eval("document.querySelector('#planned .row').firstChild.textContent"), "One line of the scenario is left: ")
        quits = "document.getElementById('quit').textContent"
        for disarm in (lambda: page.click("#happened-title"), lambda: page.browser.press("ArrowLeft")):
            page.click("#quit")
            check("it asks first", page.eval(quits), "sure? press again")
            disarm()
            check("something else was done", page.eval(quits), "end raft-cluster")
        page.click("#quit")
        page.eval("document.getElementById('quit').focus()")
        page.browser.press("Enter")
        check("a second time it ends", page.program.wait(10), 0)
        page.browser.log.clear()


def a_narrow_page_keeps_its_steps():
    for width in (800, 390, 320):
        with Page("figure-8", size=(width, 844)) as page:
            figure_8_waits(page)
            page.eval("scrollTo(0, document.documentElement.scrollHeight)")
            page.eval("new Promise(requestAnimationFrame)")
            seen = (
                "['first', 'back', 'next', 'last', 'play', 'where'].filter((id) => { const box = document.getElementById(id).getBoundingClientRect();"
                " return box.top >= 0 && box.bottom <= 60 && box.left >= 0 && box.right <= innerWidth && box.width > 0; })"
            )
            check(f"what stays in sight at {width}", page.eval(seen), ["first", "back", "next", "last", "play", "where"])
            check(f"nothing is wider than the window at {width}", page.eval("document.documentElement.scrollWidth <= innerWidth"), True)
            at = page.eval("explore.viewer.at")
            page.click("#next")
            check("they can be used there", page.eval("explore.viewer.at"), at + 1)
            page.browser.screenshot(f"{FOLDER}/explore-steps-{width}.png")
            # What is asked for is not behind the row that stays.
            page.eval("explore.otherwise('majority-quorum')")
            page.browser.wait("!document.getElementById('otherwise').hidden")
            top = "document.querySelector('#otherwise h2').getBoundingClientRect().top"
            check("the other run is below the row", page.eval(f"{top} >= document.querySelector('.steps').getBoundingClientRect().bottom"), True)
    with Page("--nodes", "3") as page:
        page.node(0, "end its timer")
        page.click("#predict")
        page.click("#next")
        page.browser.wait("!document.getElementById('question').hidden")
        page.button("it grants its vote", "#question")
        check("the score stands by the question", page.eval("document.querySelector('#question .score').textContent"), "1 of 1 right.")
