"""``application/problem+json`` (RFC 9457) for every refusal of the control API."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping

from flask import Response
from werkzeug.exceptions import HTTPException, NotFound

from simulators.core.errors import SandboxError, StoreClosed, WorldGone

log = logging.getLogger("simulators")


class Problem(Exception):
    """Raised by a handler: ``status`` and a sentence that says what to do."""

    def __init__(self, status: int, detail: str) -> None:
        self.status, self.detail = status, detail
        super().__init__(detail)


TITLES: Mapping[int, str] = {
    400: "The request is not valid",
    401: "The control token is missing or wrong",
    403: "Another site may not call this API",
    404: "There is no such thing",
    405: "Method not allowed",
    409: "The state does not allow it",
    413: "Too large",
    415: "The body must be JSON",
    421: "This host name is not ours",
    503: "The sandbox is starting or stopping",
    500: "The sandbox met an unforeseen error",
}


def render(status: int, detail: str) -> Response:
    """The problem document: ``type``, ``title``, ``status`` and ``detail``."""
    body = {"type": "about:blank", "title": TITLES.get(status, "Refused"), "status": status, "detail": detail}
    return Response(json.dumps(body, ensure_ascii=False), status, content_type="application/problem+json")


def of_error(error: Exception) -> tuple[int, str]:
    """Status and sentence for an error of the ground; what nobody foresaw is logged and says so."""
    if isinstance(error, Problem):
        return error.status, error.detail
    if isinstance(error, NotFound) and error.description == NotFound.description:
        return 404, "there is nothing at this address"
    if isinstance(error, HTTPException):
        return error.code or 500, error.description or error.name
    if isinstance(error, WorldGone):
        return 404, f"there is no world {error}"
    if isinstance(error, StoreClosed):
        return 503, "the sandbox is stopping"
    if isinstance(error, ValueError):
        return 400, str(error)
    if isinstance(error, SandboxError):
        return 409, str(error)
    log.error("unforeseen in the console", exc_info=error)
    return 500, repr(error)
