#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""
browser.py FILE COMMAND...: opens an exported flame graph in Debian's chromium, without a screen.

Each COMMAND is one of these; its result is a line on stdout.

    frames           number of frames, of those that are shown, and bytes and blocks of all
    click FUNCTION   clicks on the frame of the function
    press LABEL      clicks on the button with this label
    find TEXT        presses Ctrl-F and types the text
    escape           presses Escape
    width FUNCTION   how much of the picture the frame has, in percent, and its colour
    text FUNCTION    text in the frame
    title FUNCTION   text beside the mouse, with spaces for line breaks
    state            what is shown beside the controls
    overlaps         number of shown frames that overlap another one, or leave the frame above
    elements NAME    number of elements with this name in the page
    visible TEXT     whether the text is anywhere on the page
    shot PNG         saves what is shown
    plain            loads the file again without scripts
    complaints       number of errors, of dialogs, and of requests for anything but the file

The mouse and the keyboard are those of the browser: a command that finds no place to click on
fails. The protocol of the browser's developer tools is spoken over two pipes: it needs no library.
"""
import base64
import fcntl
import json
import os
import subprocess
import sys
import tempfile
import time

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions",
         "--disable-dev-shm-usage", "--disable-background-networking", "--hide-scrollbars",
         "--window-size=1240,900", "--remote-debugging-pipe"]
SECONDS = 120

# Functions that expressions of the commands use.
HELPERS = """
    const frames = () => [...document.querySelectorAll("#frames > svg")];
    const name_of = f => f.querySelector("title").textContent.split("\\n")[0];
    const is_shown = f => f.getAttribute("display") !== "none";
    const named = name => frames().find(f => name_of(f) === name && is_shown(f)) ||
        frames().find(f => name_of(f) === name);
    const box = e => e.getBoundingClientRect();
    const all = () => box(document.querySelector("#graph"));
    const rect = f => f.querySelector("rect");
    const share_of = f => is_shown(f) ? 100 * box(rect(f)).width / all().width : 0;
    const fill_of = f => getComputedStyle(rect(f)).fill;
    const center = e => {
        e.scrollIntoView({ block: "center" });
        const b = box(e);
        return { x: b.x + b.width / 2, y: b.y + b.height / 2, empty: !b.width };
    };
    const overlaps = () => {
        const by_node = new Map(frames().map(f => [f.dataset.node, f]));
        const rows = new Map();
        let nr = 0;
        for (const f of frames().filter(is_shown)) {
            const b = box(f.querySelector("rect")), row = rows.get(Math.round(b.y)) || [];
            const parent = by_node.get(f.dataset.parent);
            const p = parent && box(parent.querySelector("rect"));
            nr += row.some(o => b.left < o.right - 0.1 && o.left < b.right - 0.1);
            nr += !!p && (b.left < p.left - 0.6 || b.right > p.right + 0.6);
            row.push(b);
            rows.set(Math.round(b.y), row);
        }
        return nr;
    };
"""


class Browser:
    """A browser with one page."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        commands, self.commands = os.pipe()
        self.answers, answers = os.pipe()
        # out of the way of the numbers that they get
        ends = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (commands, answers)]

        def connect():
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        # pylint: disable=consider-using-with,subprocess-popen-preexec-fn
        self.process = subprocess.Popen(
            ["chromium", *FLAGS, f"--user-data-dir={self.directory.name}"], preexec_fn=connect,
            pass_fds=(3, 4), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        for fd in (commands, answers, *ends):
            os.close(fd)
        self.buffer = b""
        self.nr = 0
        self.session = None
        self.events = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target,
                                 flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(domain + ".enable")

    def close(self):
        self.process.kill()
        self.process.wait()
        self.directory.cleanup()

    def receive(self):
        """Returns the next message."""
        while b"\0" not in self.buffer:
            part = os.read(self.answers, 1 << 20)
            if not part:
                raise EOFError("the browser has ended")
            self.buffer += part
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **params):
        """Calls a method and returns its result; events before it are kept."""
        self.nr += 1
        message = {"id": self.nr, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.nr:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def wait(self, method):
        """Waits for an event."""
        while not any(e.get("method") == method for e in self.events):
            self.events.append(self.receive())

    def load(self, path):
        self.events = []
        self.url = "file://" + os.path.abspath(path)
        self.call("Page.navigate", url=self.url)
        self.wait("Page.loadEventFired")

    def evaluate(self, expression):
        """Returns the value of an expression in the page."""
        result = self.call("Runtime.evaluate", returnByValue=True,
                           expression="(() => {" + HELPERS + "return " + expression + "})()")
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def click(self, element):
        """Clicks on the middle of an element."""
        at = self.evaluate(f"center({element})")
        if at["empty"]:
            raise RuntimeError(f"{element} is not shown")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=at["x"], y=at["y"], button="left",
                      clickCount=1)

    def key(self, key, code, number, modifiers=0):
        for kind in ("rawKeyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=code,
                      windowsVirtualKeyCode=number, modifiers=modifiers)

    def find(self, text):
        self.key("f", "KeyF", 70, modifiers=2)
        self.call("Input.insertText", text=text)

    def shoot(self, path):
        self.evaluate("window.scrollTo(0, 0)")
        data = self.call("Page.captureScreenshot", captureBeyondViewport=False)["data"]
        with open(path, "wb") as out:
            out.write(base64.b64decode(data))

    def complaints(self):
        def count(*methods):
            return sum(e.get("method") in methods for e in self.events)

        self.evaluate("1")
        requests = [e["params"]["request"]["url"] for e in self.events
                    if e.get("method") == "Network.requestWillBeSent"]
        return (f"{count('Runtime.exceptionThrown', 'Log.entryAdded')} errors, "
                f"{count('Page.javascriptDialogOpening')} dialogs, "
                f"{sum(url != self.url for url in requests)} requests")


def run(browser, path, name, arguments):
    """Runs a command; returns the line that it prints, if any."""
    quoted = json.dumps(arguments[0]) if arguments else ""
    questions = {
        "frames": "`${frames().length} ${frames().filter(is_shown).length} "
                  "${frames()[0].dataset.bytes.split(' ')[1]} "
                  "${frames()[0].dataset.blocks.split(' ')[1]}`",
        "width": f"(f => share_of(f).toFixed(1) + '% ' + fill_of(f))(named({quoted}))",
        "text": f"named({quoted}).querySelector('text').textContent",
        "title": f"named({quoted}).querySelector('title').textContent.replaceAll('\\n', ' ')",
        "state": "document.querySelector('output').textContent",
        "overlaps": "overlaps()",
        "elements": f"document.getElementsByTagName({quoted}).length",
        "visible": f"document.documentElement.textContent.includes({quoted})",
    }
    if name in questions:
        return browser.evaluate(questions[name])
    if name == "click":
        browser.click(f"named({quoted})")
    elif name == "press":
        browser.click("[...document.querySelectorAll('button')]"
                      f".find(b => b.textContent === {quoted})")
    elif name == "find":
        browser.find(arguments[0])
    elif name == "escape":
        browser.key("Escape", "Escape", 27)
    elif name == "shot":
        browser.shoot(arguments[0])
    elif name == "plain":
        browser.call("Emulation.setScriptExecutionDisabled", value=True)
        browser.load(path)
    elif name == "complaints":
        return browser.complaints()
    else:
        raise ValueError(f"there is no command {name}")
    return None


def main():
    path = sys.argv[1]
    deadline = time.monotonic() + SECONDS
    browser = Browser()
    try:
        browser.load(path)
        for command in sys.argv[2:]:
            if time.monotonic() > deadline:
                raise TimeoutError("the browser takes too long")
            name, *arguments = command.split(" ", 1)
            result = run(browser, path, name, arguments)
            if result is not None:
                print(result)
    finally:
        browser.close()


main()
