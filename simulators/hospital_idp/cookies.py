"""The one cookie of a browser at one provider of one world: of its sign-in under way, then of its session."""

from __future__ import annotations

from simulators.core.exchange import Answer, Call
from simulators.core.oidc import answers
from simulators.hospital_idp import sessions
from simulators.hospital_idp.model import IdpRequest
from simulators.hospital_idp.names import cookie_name
from simulators.hospital_idp.providers import Provider
from simulators.hospital_idp.sessions import Session


def shown(call: Call, request: IdpRequest) -> str:
    """The secret the browser brings, empty without one."""
    return answers.cookie(request.headers, cookie_name(call.world.name, request.provider))


def given(call: Call, request: IdpRequest, answer: Answer, secret: str) -> Answer:
    """``answer`` with that secret for the browser to keep; an empty one takes the cookie away."""
    name = cookie_name(call.world.name, request.provider)
    return answers.set_cookie(answer, name, secret, seconds=None if secret else 0)


def current(call: Call, request: IdpRequest, provider: Provider) -> Session | None:
    """The open session of the browser."""
    session = sessions.session_of_browser(call.tx, provider.name, shown(call, request))
    return session if session is not None and not session.over(call.wire_now, provider) else None
