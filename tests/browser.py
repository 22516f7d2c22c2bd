"""A browser that opens pages of a test: Chromium, spoken to through a pipe, which needs no network and no library."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_PATIENCE = 30


def program() -> str | None:
    """Return the path of a Chromium, None where there is none."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


class Browser:
    """One page of a headless Chromium."""

    def __init__(self, path: str, profile: Path) -> None:
        own_read, its_write = os.pipe()
        its_read, own_write = os.pipe()
        options = "--headless --no-sandbox --disable-gpu --no-first-run --remote-debugging-pipe --disable-dev-shm-usage"
        line = f'exec "$0" {options} "$1" about:blank 3<&{its_read} 4>&{its_write}'
        # Chromium keeps its caches below HOME.
        environment = {**os.environ, "HOME": str(profile), "XDG_CONFIG_HOME": str(profile)}
        self.process = subprocess.Popen(
            ["bash", "-c", line, path, f"--user-data-dir={profile}"],
            pass_fds=(its_read, its_write),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(its_read)
        os.close(its_write)
        self._read, self._write, self._rest, self._number = own_read, own_write, b"", 0
        self.events: list[dict[str, Any]] = []
        targets = self._call("Target.getTargets")["targetInfos"]
        target = next(t["targetId"] for t in targets if t["type"] == "page")
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        # As a page that is in front: else nothing in it has the focus.
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._send("Browser.close", {})
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self._read)
        os.close(self._write)

    def open(self, page: Path, fragment: str = "") -> None:
        """Open a page and wait until it is there."""
        self.events.clear()
        self.call("Page.navigate", url=page.as_uri() + fragment)
        end = time.monotonic() + _PATIENCE
        while not any(e["method"] == "Page.loadEventFired" for e in self.events):
            self._take(end)

    def value(self, expression: str) -> Any:
        """Return what a JavaScript expression gives in the page."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def complaints(self) -> list[str]:
        """Return what the console shows as a warning or an error, and exceptions that nothing caught."""
        told = [e["params"]["entry"]["text"] for e in self.events if e["method"] == "Log.entryAdded"]
        told += [str(e["params"]) for e in self.events if e["method"] == "Runtime.exceptionThrown"]
        return told + [str(e["params"]) for e in self.events if e["method"] == "Runtime.consoleAPICalled"]

    def fetched(self) -> list[str]:
        """Return the addresses that were asked for since a page was opened."""
        asked = [e["params"]["request"]["url"] for e in self.events if e["method"] == "Network.requestWillBeSent"]
        return [url.partition("#")[0] for url in asked]

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the page's protocol."""
        return self._call(method, session=self._session, **parameters)

    def _call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        number = self._send(method, parameters, session)
        end = time.monotonic() + _PATIENCE
        while (told := self._take(end)).get("id") != number:
            pass
        assert "error" not in told, told
        found: dict[str, Any] = told["result"]
        return found

    def _send(self, method: str, parameters: dict[str, Any], session: str = "") -> int:
        self._number += 1
        told = {
            "id": self._number,
            "method": method,
            "params": parameters,
            **({"sessionId": session} if session else {}),
        }
        os.write(self._write, json.dumps(told).encode() + b"\0")
        return self._number

    def _take(self, end: float) -> dict[str, Any]:
        """Return the next message; events are kept too."""
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._read], [], [], max(0.0, end - time.monotonic()))
            data = os.read(self._read, 1 << 20) if ready else b""
            assert data, "the browser does not answer"
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\0")
        told: dict[str, Any] = json.loads(line)
        if "method" in told:
            self.events.append(told)
        return told
