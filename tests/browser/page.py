"""A session of `raft-cluster explore` and a window on it, for the checks of the page.

The program, the browser and the folder for pictures are the arguments of the command."""

import json
import subprocess
import sys

from chromium import Browser

PROGRAM, BROWSER, FOLDER = sys.argv[1:4]


class Page:
    """A session of the program, and a window on it."""

    def __init__(self, *arguments, size=(1360, 860), dark=False):
        command = [PROGRAM, "explore", "--no-open", *arguments]
        self.program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.program.stdout.readline()
        self.address = self.program.stdout.readline().strip()
        self.browser = Browser(BROWSER, size, dark)
        self.browser.open(self.address)
        self.browser.wait("explore.run && document.querySelectorAll('.ring-node').length > 0")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.browser.close()
        self.program.kill()
        self.program.wait()
        if kind is None:
            check("nothing is complained of in the console", self.browser.log, [])

    def eval(self, expression):
        return self.browser.eval(expression)

    def settle(self):
        """Until the program has answered all that was asked."""
        self.eval("explore.waiting.then(() => new Promise(requestAnimationFrame))")

    def click(self, selector):
        self.browser.click(selector)
        self.settle()

    def button(self, text, within="#selected"):
        """A button of this text."""
        found = self.eval(
            f"(() => {{ for (const it of document.querySelectorAll('{within} button')) "
            f"if (it.textContent === {json.dumps(text)}) {{ it.dataset.wanted = '1'; return true; }} return false; }})()"
        )
        assert found, f"no button '{text}' in {within}"
        self.click(f"{within} button[data-wanted]")
        self.eval("document.querySelectorAll('[data-wanted]').forEach((it) => delete it.dataset.wanted)")

    def node(self, node, text):
        """Chooses a node, and presses one of its buttons."""
        self.click(f'.ring-node[data-node="{node}"]')
        self.button(text)

    def message(self, name, text):
        """Chooses a message by its name, in the list of those in flight, and presses one of its buttons."""
        flight = self.eval(f"explore.head.flights.find((flight) => flight.name === {json.dumps(name)})?.id ?? null")
        assert flight is not None, f"no {name} in {self.eval('explore.head.flights.map((it) => it.name)')}"
        self.click(f'#flight li[data-message="{flight}"] > button')
        self.button(text)

    def submit(self, node, command):
        self.click(f'.ring-node[data-node="{node}"]')
        self.browser.type("#command", command)
        self.button("submit")

    def line(self, text):
        """Types a line."""
        self.browser.type("#line", text)
        self.browser.press("Enter")
        self.settle()

    def states(self):
        """Role, term, vote and commit index of each node, as the table shows them."""
        rows = "[...document.querySelectorAll('#nodes tbody tr')]"
        cells = self.eval(f"{rows}.map((row) => [...row.querySelectorAll('td')].slice(0, 4).map((cell) => cell.textContent))")
        return [tuple(row) for row in cells]

    def roles(self):
        return [role for role, *_ in self.states()]

    def complaint(self):
        return self.eval("document.getElementById('complaint').textContent")

    def lines(self):
        return self.eval("[...document.querySelectorAll('#lines li')].map((line) => line.firstChild.textContent)")

    def violated(self):
        return self.eval("explore.run.violations.map(({ text }) => text)")


def check(what, seen, expected):
    assert seen == expected, f"{what}: {seen!r} and not {expected!r}"
