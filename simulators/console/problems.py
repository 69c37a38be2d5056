"""``application/problem+json`` (RFC 9457) for every refusal of the control API."""

from __future__ import annotations

import json
from collections.abc import Mapping

from flask import Response

from simulators.core.errors import ClockMovesForwardOnly, RoutingConflict, SandboxError, WorldGone


class Problem(Exception):
    """Raised by a handler: ``status`` and a sentence that says what to do."""

    def __init__(self, status: int, detail: str, **extra: object) -> None:
        self.status, self.detail, self.extra = status, detail, extra
        super().__init__(detail)


TITLES: Mapping[int, str] = {
    400: "The request is not valid",
    401: "The control token is missing or wrong",
    403: "Another site may not call this API",
    404: "There is no such thing",
    405: "Method not allowed",
    409: "The state does not allow it",
    413: "Too large",
    421: "This host name is not ours",
    500: "The sandbox met an unforeseen error",
}


def render(status: int, detail: str, **extra: object) -> Response:
    """The problem document: ``type``, ``title``, ``status``, ``detail`` and what the caller adds."""
    body = {"type": "about:blank", "title": TITLES.get(status, "Refused"), "status": status, "detail": detail, **extra}
    return Response(json.dumps(body, ensure_ascii=False), status, content_type="application/problem+json")


def of_error(error: Exception) -> Response:
    """The problem for an error of the ground."""
    if isinstance(error, Problem):
        return render(error.status, error.detail, **error.extra)
    if isinstance(error, WorldGone):
        return render(404, f"there is no world {error}")
    if isinstance(error, KeyError):
        return render(404, f"there is no {error.args[0] if error.args else 'such thing'}")
    if isinstance(error, ClockMovesForwardOnly | RoutingConflict):
        return render(409, str(error))
    if isinstance(error, ValueError | TypeError):
        return render(400, str(error))
    if isinstance(error, SandboxError):
        return render(409, str(error))
    return render(500, repr(error))
