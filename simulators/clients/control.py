"""A client of the control API: what commands and scenarios steer a running sandbox with."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

from simulators.core.errors import EnvironmentProblem, SandboxError

TIMEOUT_S = 90.0


class Refusal(SandboxError):
    """The control API refused: the message is its problem's detail; ``status`` the HTTP one, ``problem`` the whole
    document."""

    def __init__(self, detail: str, status: int = 0, problem: Mapping[str, Any] | None = None) -> None:
        self.status, self.problem = status, dict(problem or {})
        super().__init__(detail)


class Control:
    """The control API of the sandbox that ``endpoints.json`` names."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._url: str = document["control"]["url"]
        self._token: str = document["control"]["token"]
        # No proxy: the sandbox is on this machine or on a network the user named. No redirection: the token stays.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirection)

    @classmethod
    def of_file(cls, path: Path) -> Control:
        """Raises :class:`EnvironmentProblem` when no sandbox is found, or another one answers there."""
        try:
            control = cls(json.loads(path.read_text("utf-8")))
        except FileNotFoundError:
            raise EnvironmentProblem(
                f"no running sandbox: {path} does not exist (start one: segur-sandbox up)"
            ) from None
        except (ValueError, KeyError, TypeError, OSError) as problem:
            raise EnvironmentProblem(f"{path} is no endpoints file that can be read: {problem!r}") from problem
        try:
            control.call("GET", "/worlds")
        except (EnvironmentProblem, Refusal) as problem:
            raise EnvironmentProblem(
                f"{path} names a sandbox that does not run any more ({problem}); start one: segur-sandbox up"
            ) from problem
        return control

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One request. Raises :class:`Refusal` (3xx, 4xx, 5xx) and :class:`EnvironmentProblem`."""
        raw = self.raw(method, path, body)
        try:
            return json.loads(raw) if raw else None
        except ValueError as problem:
            raise EnvironmentProblem(f"{self._url} does not speak JSON: it is no sandbox") from problem

    def raw(self, method: str, path: str, body: dict[str, Any] | None = None) -> bytes:
        """As :meth:`call`, the bytes as they came."""
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        try:
            request = urllib.request.Request(self._url + path, data, headers, method=method)
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                content: bytes = answer.read()
                return content
        except urllib.error.HTTPError as refusal:
            problem = _problem(refusal)
            detail = str(problem.get("detail", f"HTTP {refusal.code}"))
            raise Refusal(detail, refusal.code, problem) from refusal
        except (OSError, ValueError, http.client.HTTPException) as problem:
            self._silent(problem)

    def _silent(self, problem: Exception) -> NoReturn:
        raise EnvironmentProblem(f"the sandbox at {self._url} does not answer: {problem}") from problem


def world_path(world: str) -> str:
    """The path of a world, whatever its name holds."""
    return f"/worlds/{quote(world, safe='')}"


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def _problem(refusal: urllib.error.HTTPError) -> dict[str, Any]:
    try:
        found = json.loads(refusal.read())
    except (ValueError, OSError, http.client.HTTPException):
        return {}
    return found if isinstance(found, dict) else {}
