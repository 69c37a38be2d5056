"""The backchannel authentication endpoint (CIBA Core 1.0 §7, facts psc §2.2 to §2.5): a request for the person's other
device. Keycloak's order: the client, its right, who is named, then everything else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from simulators.clients.outbound import OutboundDenied
from simulators.core.exchange import Answer, Call
from simulators.core.oidc import answers, keys
from simulators.core.oidc.jose import sign
from simulators.core.rules import Check, Finding
from simulators.core.world import identifier
from simulators.pro_sante_connect import ciba_store, device, ping, sessions
from simulators.pro_sante_connect.authentication import authenticated
from simulators.pro_sante_connect.ciba_store import CibaRequest
from simulators.pro_sante_connect.clients import Client
from simulators.pro_sante_connect.model import PscRequest, epoch
from simulators.pro_sante_connect.names import CARD, MOBILE, NAME, SCOPES, subject_of
from simulators.pro_sante_connect.people import Person
from simulators.pro_sante_connect.rules import ciba as rules
from simulators.pro_sante_connect.settings import CIBA_EXPIRY, CIBA_INTERVAL, CIBA_SPEC
from simulators.pro_sante_connect.signing_in import person_of_hint

TYPE: Final = "CIBA"
LONGEST_NOTIFICATION: Final = 1024
_BINDING: Final = re.compile(r"[a-zA-Z0-9\-._+/!?#]{1,50}")
_DIGITS: Final = re.compile(r"[0-9]{2}")
_BEARER: Final = re.compile(rf"[A-Za-z0-9\-._~+/]{{1,{LONGEST_NOTIFICATION}}}=*")
_OTHER_HINTS: Final = ("login_hint_token", "id_token_hint")


@dataclass(frozen=True)
class Asked:
    """A backchannel request and its client."""

    request: PscRequest
    client: Client

    def get(self, name: str) -> str:
        return self.request.params.get(name)

    def at(self, name: str) -> str:
        return self.request.where(name)


def ciba(call: Call, request: PscRequest) -> Answer:
    """The acknowledgement; without cache headers, as in Keycloak. Raises ``Refused``."""
    client = authenticated(call, request)
    asked = Asked(request, client)
    if not client.ciba:
        at, expected = asked.at("client_id"), "a client allowed to use CIBA"
        call.find(rules.NOT_ALLOWED.finding(at, found=client.client_id, expected=expected))
    person = _person(call, asked)
    call.judge(CHECKS, asked)
    _around(call, asked, person)
    made = _made(call, asked, person)
    call.who["professional"] = person.national_id
    call.keys.add(f"ciba:{made.id}")
    call.marks |= {"channel": made.channel, "binding_message": made.binding_message}
    life = int((made.expires - made.asked).total_seconds())
    return answers.json_answer(
        {"auth_req_id": made.auth_req_id, "expires_in": life, "interval": made.interval}, headers={}
    )


def _person(call: Call, asked: Asked) -> Person:
    hint, at = asked.get("login_hint"), asked.at("login_hint")
    if not hint:
        raise call.refusal(rules.HINT_MISSING.finding(at, expected="a national identifier"))
    if CIBA_SPEC.flag(call.world.policy):
        return person_of_hint(call, hint, at, unknown=rules.SPEC_USER, form=rules.SPEC_USER)
    return person_of_hint(call, hint, at, unknown=rules.USER, form=rules.USER_FORM)


def _hints(asked: Asked) -> Iterator[Finding]:
    for name in _OTHER_HINTS:
        if asked.get(name):
            yield rules.HINTS.finding(asked.at(name), found=asked.get(name)[:40], expected="absent")
    for name in ("request", "request_uri"):
        if asked.get(name):
            yield rules.REQUEST_OBJECT.finding(asked.at(name), found=asked.get(name)[:40], expected="no request object")


def _scope(asked: Asked) -> Iterator[Finding]:
    whole, given, at = asked.get("scope"), asked.request.params.words("scope"), asked.at("scope")
    if not given:
        yield rules.SCOPE_MISSING.finding(at, expected=rules.SCOPES)
    elif any(word not in SCOPES for word in given):
        yield rules.SCOPE.finding(at, found=whole, expected=rules.SCOPES)
    if "openid" not in given:
        yield rules.OPENID.finding(at, found=whole, expected=rules.SCOPES)
    if "scope_all" not in given:
        yield rules.SCOPE_ALL.finding(at, found=whole, expected=rules.SCOPES)


def _binding(asked: Asked) -> Iterator[Finding]:
    message, at = asked.get("binding_message"), asked.at("binding_message")
    if message and not _BINDING.fullmatch(message):
        yield rules.BINDING.finding(at, found=message, expected="1 to 50 plain characters without spaces")
    if not _DIGITS.fullmatch(message):
        yield rules.DIGITS.finding(at, found=message, expected=rules.TWO_DIGITS)


def _acr(asked: Asked) -> Iterator[Finding]:
    values, at = asked.request.params.words("acr_values"), asked.at("acr_values")
    if not values:
        yield rules.ACR_MISSING.finding(at, expected="eidas1")
    elif "eidas1" not in values:
        yield rules.ACR.finding(at, found=asked.get("acr_values"), expected="eidas1")


def _channel(asked: Asked) -> Iterator[Finding]:
    if asked.get("channel") not in {"", MOBILE, CARD}:
        yield rules.CHANNEL.finding(asked.at("channel"), found=asked.get("channel"), expected=f"{MOBILE} or {CARD}")


def _notification(asked: Asked) -> Iterator[Finding]:
    token, at = asked.get("client_notification_token"), asked.at("client_notification_token")
    pinged = asked.client.delivery == "ping"
    if token and not pinged:
        yield rules.NOTIFICATION_POLL.finding(at, found="present", expected="absent")
    elif token and not (_BEARER.fullmatch(token) and len(token) <= LONGEST_NOTIFICATION):
        expected = "at most 1024 characters of a Bearer token"
        yield rules.NOTIFICATION_LONG.finding(at, found=f"{len(token)} characters", expected=expected)
    elif pinged and not token:
        yield rules.NOTIFICATION_MISSING.finding(at, expected="an unpredictable value")


def _rest(asked: Asked) -> Iterator[Finding]:
    if asked.get("user_code"):
        yield rules.USER_CODE.finding(asked.at("user_code"), found=asked.get("user_code"), expected="absent")
    life = asked.get("requested_expiry")
    if life and not (life.isascii() and life.isdecimal() and len(life) < 10 and int(life)):
        expected = "a positive whole number of seconds"
        yield rules.EXPIRY.finding(asked.at("requested_expiry"), found=life, expected=expected)


CHECKS: Final[tuple[Check[Asked], ...]] = (_hints, _scope, _binding, _acr, _channel, _notification, _rest)


def _around(call: Call, asked: Asked, person: Person) -> None:
    """What the request meets: the earlier exchanges of its client, its address, the person's device."""
    client = asked.client
    if client.delivery == "ping":
        try:
            ping.endpoint(client.notification_endpoint, call.world.policy, call.runtime.allow_hosts)
        except OutboundDenied as denied:
            at, expected = "client.notification_endpoint", "an https URL of a host that was named"
            found = client.notification_endpoint
            call.find(rules.NOTIFICATION_WHERE.finding(at, found=found, expected=expected, reason=denied))
    if not sessions.code_issued(call.tx, client.client_id):
        expected = "the authorization code flow as well"
        call.find(rules.ALONE.finding(asked.at("client_id"), found="CIBA alone", expected=expected))
    state, at = ciba_store.device(call.tx, person.national_id), asked.at("login_hint")
    if state == ciba_store.OFFLINE:
        call.find(rules.UNREACHED.finding(at, found=state, expected="a device that can be reached"))
    if state == ciba_store.PIN_BLOCKED:
        call.find(rules.LOCKED.finding(at, found=state, expected="a device whose PIN is not blocked"))


def _made(call: Call, asked: Asked, person: Person) -> CibaRequest:
    now, policy = call.wire_now, call.world.policy
    number = str(identifier(call.tx, "psc-ciba"))
    expires = now + timedelta(seconds=int(asked.get("requested_expiry") or CIBA_EXPIRY.number(policy)))
    interval = CIBA_INTERVAL.number(policy)
    made = CibaRequest(
        id=number,
        auth_req_id=_auth_req_id(call, asked, person, number, epoch(expires)),
        client_id=asked.client.client_id,
        person=person.national_id,
        channel=CARD if asked.get("channel") == CARD else MOBILE,
        scope=asked.get("scope"),
        binding_message=asked.get("binding_message"),
        notification_token=asked.get("client_notification_token") if asked.client.delivery == "ping" else "",
        asked=now,
        expires=expires,
        kept=ciba_store.kept_until(expires, interval),
        interval=interval,
    )
    ciba_store.add(call.tx, made)
    if made.notification_token:  # nobody polls in ping mode before being told: an automatic answer comes at once
        given = device.automatic(policy, made, at_once=True)
        return device.apply(call.tx, made, given) if given else made
    return made


def _auth_req_id(call: Call, asked: Asked, person: Person, number: str, ends: int) -> str:
    """A token that nobody but us reads."""
    claims = {
        "jti": number,
        "typ": TYPE,
        "iss": asked.request.issuer,
        "aud": asked.request.issuer,
        "azp": asked.client.client_id,
        "sub": subject_of(person.national_id),
        "iat": epoch(call.wire_now),
        "exp": ends,
    }
    return sign(claims, keys.hmac_key(call.tx, NAME))
