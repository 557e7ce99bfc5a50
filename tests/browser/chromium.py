"""Drives a headless Chromium over the DevTools protocol: tabs, keys, clicks, waiting for what the page shows."""
import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request

from websockets.sync.client import connect

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--force-device-scale-factor=1",
         "--remote-debugging-port=0", "about:blank"]
KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40,
        "Home": 36, "End": 35, "a": 65}


class Browser:
    def __init__(self):
        program = next((p for p in ("chromium", "chromium-browser", "google-chrome") if shutil.which(p)), None)
        if not program:
            raise RuntimeError("no Chromium found; install the Debian package chromium")
        self.folder = tempfile.mkdtemp(prefix="browser-")
        self.process = subprocess.Popen([program, "--user-data-dir=" + self.folder] + FLAGS, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, env={**os.environ, "HOME": self.folder})
        try:
            self.port = self._port()
        except Exception:
            self.stop()
            raise

    def _port(self):
        path = os.path.join(self.folder, "DevToolsActivePort")
        end = time.time() + 60
        while time.time() < end and self.process.poll() is None:
            if os.path.exists(path):
                with open(path) as f:
                    lines = f.read().split()
                if len(lines) == 2:
                    self.path = lines[1]
                    return int(lines[0])
            time.sleep(0.05)
        raise RuntimeError("Chromium did not start")

    def page(self, width=1280, height=900):
        return Page(self, width, height)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Page:
    """One tab with storage of its own. `problems` gathers exceptions and refusals of the content security policy."""

    def __init__(self, browser, width, height):
        self.browser = browser
        self.socket = connect("ws://127.0.0.1:%d%s" % (browser.port, browser.path), max_size=None, compression=None)
        self.number, self.session, self.problems = 0, None, []
        self.context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=self.context, width=width, height=height)
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(domain + ".enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self.socket.send(json.dumps(message))
        while True:
            answer = json.loads(self.socket.recv(timeout=30))
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError("%s: %s" % (method, answer["error"]["message"]))
                return answer["result"]
            self._event(answer)

    def _event(self, event):
        if event.get("method") == "Runtime.exceptionThrown":
            details = event["params"]["exceptionDetails"]
            self.problems.append(details.get("exception", {}).get("description") or details["text"])
        elif event.get("method") == "Log.entryAdded":
            entry = event["params"]["entry"]
            if entry["level"] == "error" and entry["source"] == "security":
                self.problems.append(entry["text"])

    def close(self):
        self.session = None
        try:
            self.call("Target.disposeBrowserContext", browserContextId=self.context)
        finally:
            self.socket.close()

    def open(self, url):
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def eval(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError("%s: %s" % (expression, answer["exceptionDetails"].get("exception", {}).get("description")))
        return answer["result"].get("value")

    def wait(self, expression, seconds=30):
        """Waits until an expression is true; gives its value."""
        end = time.time() + seconds
        while True:
            try:
                value = self.eval(expression)
            except RuntimeError as error:  # the page is just changing
                value = None
                if time.time() > end:
                    raise AssertionError(str(error)) from error
            if value or value == {}:  # an element comes as an empty object
                return value
            if time.time() > end:
                raise AssertionError("waited %g s for: %s" % (seconds, expression))
            time.sleep(0.03)

    def text(self, selector):
        return self.eval("document.querySelector(%s)?.innerText ?? ''" % json.dumps(selector))

    def wait_text(self, selector, text, seconds=10):
        expression = "(document.querySelector(%s)?.innerText ?? '').includes(%s)" % (json.dumps(selector), json.dumps(text))
        try:
            self.wait(expression, seconds)
        except AssertionError:
            raise AssertionError("%s shows %r, not %r" % (selector, self.text(selector)[:300], text)) from None

    def click(self, selector):
        """Clicks the middle of an element once it is there and has stopped moving."""
        place = self.wait("""(async () => {
            const n = document.querySelector(%s);
            if (!n || n.disabled) return null;
            const frame = () => new Promise(requestAnimationFrame);
            const at = () => { const r = n.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2, r.width]; };
            n.scrollIntoView({block: 'center', behavior: 'instant'});
            await frame();
            const before = at();
            await frame();
            await frame();
            const after = at();
            return after[2] && String(before) === String(after) ? after : null;
        })()""" % json.dumps(selector))
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def key(self, name, modifiers=0):
        code = {"key": name, "code": "Space" if name == " " else name, "windowsVirtualKeyCode": KEYS[name], "modifiers": modifiers}
        text = {"Enter": "\r", " ": " "}.get(name)
        if name == "a" and modifiers == 2:  # headless Chromium knows no shortcuts of a window system
            code["commands"] = ["selectAll"]
        if text:
            code["text"] = text
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **code)
        code.pop("text", None)
        code.pop("commands", None)
        self.call("Input.dispatchKeyEvent", type="keyUp", **code)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def tab_to(self, selector, most=40):
        """Waits until the element is there, then presses Tab until it has the focus."""
        self.wait("document.querySelector(%s)?.checkVisibility()" % json.dumps(selector))
        for _ in range(most):
            if self.eval("document.activeElement?.matches(%s)" % json.dumps(selector)):
                return
            self.key("Tab")
        raise AssertionError("Tab never came to " + selector)

    def files(self, selector, paths):
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", files=paths, nodeId=node)

    def media(self, **features):
        self.call("Emulation.setEmulatedMedia", features=[{"name": k.replace("_", "-"), "value": v} for k, v in features.items()])

    def screenshot(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]))


def get(url, seconds=5):
    with urllib.request.urlopen(url, timeout=seconds) as answer:
        return answer.read()
