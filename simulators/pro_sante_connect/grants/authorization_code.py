"""A code for tokens (RFC 6749 §4.1.3, RFC 7636 §4.6): a straight list of checks, each with its own reason."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from simulators.core.exchange import Call
from simulators.core.rules import Check, Finding
from simulators.pro_sante_connect import people, sessions
from simulators.pro_sante_connect.clients import Client
from simulators.pro_sante_connect.issuing import granted
from simulators.pro_sante_connect.model import PscRequest
from simulators.pro_sante_connect.rules import token as rules
from simulators.pro_sante_connect.sessions import Code
from simulators.pro_sante_connect.settings import CODE


@dataclass(frozen=True)
class Exchanged:
    """A code that exists, and who brings it."""

    request: PscRequest
    client: Client
    code: Code
    expired: bool


def grant(call: Call, request: PscRequest, client: Client) -> dict[str, Any]:
    """Raises ``Refused``. A code used twice ends what its first use gave, though this exchange is refused."""
    code = _code(call, request)
    if code.used:
        call.if_refused(lambda tx: sessions.revoke_grant(tx, code.code))
        expected = "a code used once"
        call.find(rules.CODE_REPLAYED.finding(request.where("code"), found="used", expected=expected))
    life = timedelta(seconds=CODE.number(call.world.policy))
    call.judge(CHECKS, Exchanged(request, client, code, call.wire_now >= code.issued + life))
    session = sessions.session(call.tx, code.sid)
    over = session.over(call.wire_now, call.world.policy) if session else "unknown"
    person = people.person(call.tx, session.person) if session else None
    if session is None or person is None or over:
        raise call.refusal(
            rules.SESSION_OVER.finding(request.where("code"), found=over or "no person", expected="an open session")
        )
    sessions.use_code(call.tx, code.code)
    call.who["professional"] = person.national_id
    asked = code.request
    scope, nonce = asked.get("scope", ""), asked.get("nonce", "")
    return granted(call, client, session, person, issuer=request.issuer, grant=code.code, scope=scope, nonce=nonce)


def _code(call: Call, request: PscRequest) -> Code:
    value, at = request.params.get("code"), request.where("code")
    if not value:
        raise call.refusal(rules.CODE_MISSING.finding(at, expected="the code received"))
    found = sessions.code(call.tx, value)
    if found is None:
        raise call.refusal(rules.CODE.finding(at, found=value, expected="a code issued by the authorization endpoint"))
    return found


def _fresh(case: Exchanged) -> Iterator[Finding]:
    if case.expired:
        yield rules.CODE_EXPIRED.finding(case.request.where("code"), found="old", expected="a fresh code")


def _same_client(case: Exchanged) -> Iterator[Finding]:
    if case.code.client_id != case.client.client_id:
        found, expected = case.client.client_id, case.code.client_id
        yield rules.CODE_CLIENT.finding(case.request.where("client_id"), found=found, expected=expected)


def _same_redirect(case: Exchanged) -> Iterator[Finding]:
    given, asked = case.request.params.get("redirect_uri"), case.code.request.get("redirect_uri", "")
    if given != asked:
        yield rules.CODE_REDIRECT.finding(case.request.where("redirect_uri"), found=given, expected=asked)


def _verifier(case: Exchanged) -> Iterator[Finding]:
    challenge, given = case.code.request.get("code_challenge", ""), case.request.params.get("code_verifier")
    at, expected = case.request.where("code_verifier"), "the verifier of the challenge"
    if not challenge:
        if given:
            absent = "absent, or code_challenge in the authorization request"
            yield rules.VERIFIER_ALONE.finding(at, found="present", expected=absent)
        return
    if not given:
        yield rules.VERIFIER_MISSING.finding(at, expected=expected)
        return
    method = case.code.request.get("code_challenge_method") or "plain"
    if not hmac.compare_digest(_challenge_of(given, method).encode(), challenge.encode()):
        yield rules.VERIFIER.finding(at, found="another verifier", expected=expected)


def _challenge_of(verifier: str, method: str) -> str:
    """Nothing for a verifier beyond ASCII, which RFC 7636 §4.1 does not know."""
    from authlib.oauth2.rfc7636 import create_s256_code_challenge

    if not verifier.isascii():
        return ""
    return str(create_s256_code_challenge(verifier)) if method == "S256" else verifier


CHECKS: Final[tuple[Check[Exchanged], ...]] = (_same_client, _fresh, _same_redirect, _verifier)
