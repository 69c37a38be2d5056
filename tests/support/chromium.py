"""A headless Chromium driven through its own debugging pipe (Chrome DevTools Protocol), without any driver package."""

from __future__ import annotations

import base64
import itertools
import json
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PATIENCE_S = 60.0
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
# Chromium speaks on descriptors 3 and 4, whatever numbers the pipes were given here.
_START = (
    "import os, sys; r, w = os.dup(int(sys.argv[1])), os.dup(int(sys.argv[2]));"
    "r, w = (os.dup(r), os.dup(w)) if min(r, w) < 5 else (r, w);"
    "os.dup2(r, 3); os.dup2(w, 4); os.execv(sys.argv[3], sys.argv[3:])"
)


class Chromium:
    """One browser with an empty profile and one tab. ``told`` holds what the page said on its console, policy
    violations included."""

    def __init__(self, program: str, profile: Path, *, trusted_keys: Sequence[str] = (), language: str = "fr") -> None:
        self.told: list[str] = []
        self._numbers = itertools.count(1)
        self._buffer = b""
        self._session = ""
        self._loaded = 0
        command = [
            *(program, *FLAGS, f"--user-data-dir={profile}", f"--accept-lang={language}"),
            f"--ignore-certificate-errors-spki-list={','.join(trusted_keys)}",
            "--host-resolver-rules=MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
            "about:blank",
        ]
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        starting = [sys.executable, "-c", _START, str(theirs_in), str(theirs_out), *command]
        self._process = subprocess.Popen(
            starting, pass_fds=(theirs_in, theirs_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._attach()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE_S)
        os.close(self._in)
        os.close(self._out)

    # --- what a person does

    def open(self, address: str) -> str:
        """Goes there; the address where the browser ended."""
        self._then(lambda: self.call("Page.navigate", url=address))
        return self.address

    def click(self, selector: str) -> str:
        """Clicks what ``selector`` names and waits for the next page; the address where the browser ended."""
        self._then(lambda: self.run(f"document.querySelector({json.dumps(selector)}).click()"))
        return self.address

    def choose(self, selector: str) -> None:
        """Ticks, or opens, without leaving the page."""
        self.run(f"document.querySelector({json.dumps(selector)}).click()")

    def fill(self, name: str, value: str) -> None:
        """Gives the field of that name a value."""
        self.run(f"document.querySelector('[name={name}]').value = {json.dumps(value)}")

    def press(self, key: str) -> None:
        """One key, as from a keyboard: ``Tab``, ``Enter``, ``ArrowDown``, `` ``."""
        codes = {"Tab": 9, "Enter": 13, "ArrowDown": 40, " ": 32}
        text = {"Enter": "\r", " ": " "}.get(key, "")
        told = {"key": key, "windowsVirtualKeyCode": codes[key], "text": text}
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **told)
        self.call("Input.dispatchKeyEvent", type="keyUp", **told)

    def press_and_wait(self, key: str) -> str:
        self._then(lambda: self.press(key))
        return self.address

    def wait(self) -> None:
        """Until the browser tells something."""
        self._read(time.monotonic() + PATIENCE_S)

    # --- what a person sees

    @property
    def address(self) -> str:
        return str(self.run("location.href"))

    @property
    def text(self) -> str:
        return str(self.run("document.body.innerText"))

    @property
    def html(self) -> str:
        return str(self.run("document.documentElement.outerHTML"))

    def picture(self, path: Path, *, width: int = 1000, height: int = 0) -> Path:
        """A PNG of the page, as high as it is unless ``height`` says."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
        high = height or int(self.run("document.documentElement.scrollHeight"))
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=high, deviceScaleFactor=1, mobile=False)
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
        self.call("Emulation.clearDeviceMetricsOverride")
        return path

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def cookies(self) -> dict[str, dict[str, Any]]:
        return {cookie["name"]: cookie for cookie in self.call("Storage.getCookies")["cookies"]}

    # --- the protocol

    def call(self, method: str, **parameters: Any) -> Any:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session and not method.startswith(("Target.", "Storage.")):
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read(time.monotonic() + PATIENCE_S)
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]

    def _attach(self) -> None:
        target = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Log", "Runtime", "Audits"):
            self.call(f"{domain}.enable")

    def _then(self, act: Any) -> None:
        """Acts, then waits until a page was loaded and none is on its way any more."""
        before, deadline = self._loaded, time.monotonic() + PATIENCE_S
        act()
        while self._loaded == before or self.run("document.readyState") != "complete":
            if self._loaded == before:
                self._read(deadline)

    def _read(self, deadline: float) -> dict[str, Any]:
        """The next message of the browser; what it tells by itself is noted."""
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._in], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"nothing from the browser for {PATIENCE_S} s; it said {self.told}"
            more = os.read(self._in, 1 << 16)
            assert more, "the browser is gone"
            self._buffer += more
        whole, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(whole)
        self._note(message.get("method", ""), message.get("params", {}))
        return message

    def _note(self, method: str, told: dict[str, Any]) -> None:
        if method == "Page.loadEventFired":
            self._loaded += 1
        elif method == "Log.entryAdded":
            self.told.append(f"{told['entry']['level']}: {told['entry']['text']}")
        elif method == "Audits.issueAdded":
            self.told.append(f"issue: {json.dumps(told['issue'])}")
        elif method in {"Runtime.consoleAPICalled", "Runtime.exceptionThrown"}:
            self.told.append(f"script: {json.dumps(told)[:500]}")

    @property
    def violations(self) -> list[str]:
        """What the page was forbidden, or failed to load, by its policy."""
        return [line for line in self.told if re.search("Content.?Security.?Policy|violates", line)]
