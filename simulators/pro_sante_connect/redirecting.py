"""Back to the product: where an authorization request may be answered, and in which mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from simulators.core.exchange import Answer, Call
from simulators.core.oidc import answers, redirects
from simulators.core.rules import Finding
from simulators.core.world import identifier
from simulators.pro_sante_connect import clients, sessions
from simulators.pro_sante_connect.operations import LOGIN
from simulators.pro_sante_connect.settings import LOOPBACK
from simulators.pro_sante_connect.wording import parameters

if TYPE_CHECKING:
    from simulators.pro_sante_connect.model import PscRequest

MODES: Final = ("query", "fragment", "form_post")


def answered(request: PscRequest, asked: Mapping[str, str], parameters: Mapping[str, str], nonce: str) -> Answer:
    """The browser sent back with ``parameters``, the untouched state and the issuer (RFC 9207), in the mode asked for
    or, where that one is not offered, by the query."""
    state = {"state": asked["state"]} if asked.get("state") else {}
    mode = asked.get("response_mode", "")
    return answers.redirect(
        asked["redirect_uri"],
        {**state, **parameters, "iss": request.issuer},
        mode=mode if mode in MODES else "query",
        nonce=nonce,
    )


def error(call: Call, request: PscRequest, finding: Finding, href: str) -> Answer | None:
    """The error sent to the product, or None when no address of its own is known for sure. A sign-in under way is over
    by it."""
    begun = sessions.login(call.tx, request.params.get("login")) if request.operation is LOGIN else None
    asked = begun.request if begun is not None else dict(reversed(request.params.pairs))
    if not _known(call, asked):
        return None
    if begun is not None:
        sessions.end_login(call.tx, begun.id)
    return answered(request, asked, parameters(finding, href), identifier(call.tx, "psc-nonce").hex)


def _known(call: Call, asked: Mapping[str, str]) -> bool:
    """Whether the address is the client's, or would have been adopted had the request been right."""
    uri = asked.get("redirect_uri", "")
    if not uri or redirects.problem(uri):
        return False
    client = clients.find(call.tx, asked.get("client_id", ""))
    policy = call.world.policy
    if client is None:
        return policy.on_unknown("clients") != "refuse" and bool(asked.get("client_id"))
    known = redirects.matches(uri, client.redirect_uris, loopback_port=LOOPBACK.flag(policy))
    return known or policy.on_unknown("redirects") != "refuse"
