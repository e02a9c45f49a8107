"""A browser without a window, driven as a person would: real clicks and real keys, over a pipe.

Only what Python brings is used. The protocol is the browser's own (Chrome DevTools Protocol)."""

import base64
import json
import os
import shlex
import shutil
import subprocess
import tempfile


class Browser:
    """One window. `size` in pixels."""

    def __init__(self, program, size=(1360, 860), dark=False):
        to_browser, self._to = os.pipe()
        self._from, from_browser = os.pipe()
        self._profile = tempfile.mkdtemp()
        options = [
            program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
            f"--window-size={size[0]},{size[1]}", f"--user-data-dir={self._profile}",
            "--remote-debugging-pipe", "about:blank",
        ]
        # The browser reads commands from 3 and writes to 4.
        line = f"exec {shlex.join(options)} 3<&{to_browser} 4>&{from_browser} 2>/dev/null"
        self._process = subprocess.Popen(["bash", "-c", line], pass_fds=(to_browser, from_browser))
        os.close(to_browser)
        os.close(from_browser)
        self._rest = b""
        self._number = 0
        self._session = None
        self.log = []
        page = next(it for it in self._call("Target.getTargets")["targetInfos"] if it["type"] == "page")
        self._session = self._call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._call(f"{domain}.enable")
        self._call("Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])

    def _call(self, method, **params):
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self._rest:
                read = os.read(self._from, 1 << 16)
                assert read, "the browser has gone"
                self._rest += read
            text, self._rest = self._rest.split(b"\0", 1)
            answer = json.loads(text)
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer)
                return answer["result"]
            if answer.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"):
                self.log.append(answer["params"])

    def open(self, address):
        self._call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete'")

    def eval(self, expression):
        """The value of an expression of JavaScript; promises are waited for."""
        result = self._call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, (expression, result["exceptionDetails"])
        return result["result"].get("value")

    def wait(self, expression, milliseconds=10_000):
        """Waits until an expression is true, looking each time the page has drawn."""
        held = self.eval(
            f"new Promise((done) => {{ const end = performance.now() + {milliseconds};"
            f" const look = () => {{ let is; try {{ is = Boolean({expression}); }} catch {{ is = false; }}"
            " if (is || performance.now() > end) done(is); else requestAnimationFrame(look); }; look(); })"
        )
        assert held, f"in {milliseconds} ms it did not come true that {expression}"

    def place(self, selector):
        """Where the middle of an element is, which is brought into sight."""
        found = self.eval(
            f"(() => {{ const it = document.querySelector({json.dumps(selector)}); if (!it) return null;"
            " it.scrollIntoView({ block: 'nearest' }); const box = it.getBoundingClientRect();"
            " return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        assert found, f"there is no {selector}"
        return found

    def _mouse(self, kind, x, y, **more):
        self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, selector):
        x, y = self.place(selector)
        self._mouse("mouseMoved", x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self._mouse(kind, x, y, button="left", clickCount=1)

    def drag(self, selector, onto):
        (x, y), (to_x, to_y) = self.place(selector), self.place(onto)
        self._mouse("mouseMoved", x, y)
        self._mouse("mousePressed", x, y, button="left", clickCount=1)
        for share in (0.3, 0.7, 1):
            self._mouse("mouseMoved", x + share * (to_x - x), y + share * (to_y - y), button="left", buttons=1)
        self._mouse("mouseReleased", to_x, to_y, button="left", clickCount=1)

    def press(self, key, code=None, text=None):
        """A key, as in 'ArrowRight' or 'a'."""
        text = text if text is not None else {"Enter": "\r", " ": " "}.get(key, key if len(key) == 1 else "")
        codes = {"Enter": 13, " ": 32, "Tab": 9, "ArrowRight": 39, "ArrowLeft": 37, "Home": 36, "End": 35}
        more = {"windowsVirtualKeyCode": codes.get(key, ord(key[0]) if len(key) == 1 else 0)}
        self._call("Input.dispatchKeyEvent", type="keyDown", key=key, code=code or key, text=text, **more)
        self._call("Input.dispatchKeyEvent", type="keyUp", key=key, code=code or key, **more)

    def type(self, selector, text):
        """Types a text in place of what is there."""
        self.eval(f"(() => {{ const it = document.querySelector({json.dumps(selector)}); it.focus(); it.select(); }})()")
        self._call("Input.insertText", text=text)

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"]))

    def close(self):
        self._process.terminate()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)
        # The browser's own helpers may still be writing.
        shutil.rmtree(self._profile, ignore_errors=True)
