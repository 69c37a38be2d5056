"""A client of the control API: what commands and scenarios steer a running sandbox with."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from simulators.core.errors import EnvironmentProblem, SandboxError

TIMEOUT_S = 90.0


class Refusal(SandboxError):
    """The control API refused: the message is its problem's detail."""


class Control:
    """The control API of the sandbox that ``endpoints.json`` names."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._url: str = document["control"]["url"]
        self._token: str = document["control"]["token"]
        # No proxy: the sandbox is on this machine or on a network the user named.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    @classmethod
    def of_file(cls, path: Path) -> Control:
        """Raises :class:`EnvironmentProblem` when no sandbox is found or it does not answer."""
        try:
            document = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise EnvironmentProblem(
                f"no running sandbox: {path} does not exist (start one: segur-sandbox up)"
            ) from None
        except (ValueError, OSError) as problem:
            raise EnvironmentProblem(f"{path} cannot be read: {problem}") from problem
        control = cls(document)
        control.call("GET", "/health")
        return control

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One request. Raises :class:`Refusal` (4xx, 5xx) and :class:`EnvironmentProblem`."""
        raw = self.raw(method, path, body)
        return json.loads(raw) if raw else None

    def raw(self, method: str, path: str, body: dict[str, Any] | None = None) -> bytes:
        """As :meth:`call`, the bytes as they came."""
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self._url + path, data, headers, method=method)
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                content: bytes = answer.read()
                return content
        except urllib.error.HTTPError as refusal:
            raise Refusal(_detail(refusal)) from refusal
        except OSError as problem:
            raise EnvironmentProblem(f"the sandbox at {self._url} does not answer: {problem}") from problem


def _detail(refusal: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(refusal.read())["detail"])
    except (ValueError, KeyError):
        return f"HTTP {refusal.code}"
