"""The phone page: the person's e-CPS, or CPS-Gestion for the card channel, played in a browser without any PIN."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

from simulators.core.exchange import Answer, Call
from simulators.core.oidc import answers, keys
from simulators.core.world import identifier
from simulators.population import registry
from simulators.pro_sante_connect import ciba_store, clients, device, web
from simulators.pro_sante_connect.ciba_store import CibaRequest
from simulators.pro_sante_connect.login import from_own_page
from simulators.pro_sante_connect.model import PscRequest
from simulators.pro_sante_connect.names import NAME
from simulators.pro_sante_connect.rules import polling as rules

RELOAD_S: Final = 5
RELOADS: Final = 60
"""A page left open asks again by itself so many times: each one is a row of the journal."""


def phone(call: Call, request: PscRequest) -> Answer:
    """GET: what awaits an answer. POST: one answer, or the state of the device. Raises ``Refused``."""
    if request.method == "POST":
        return _answered(call, request)
    secret = answers.cookie(request.headers, cookie_name(call)) or identifier(call.tx, "psc-phone").hex
    person = request.params.get("person").strip()
    answer = _one(call, request, person, secret) if person else _choice(call)
    return answers.set_cookie(answer, cookie_name(call), secret)


def cookie_name(call: Call) -> str:
    """Two worlds in one browser never see each other's phone."""
    return f"segur_phone_{call.world.name}"


def _choice(call: Call) -> Answer:
    """Whose phone this is."""
    waiting = [one.person for one in ciba_store.waiting(call.tx, call.wire_now)]
    people = [(one, waiting.count(one.ps_idnat.value)) for one in registry.professionals(call.tx)]
    return web.page(call, "phone_choice.html", people=sorted(people, key=lambda pair: -pair[1]))


def _one(call: Call, request: PscRequest, person: str, secret: str) -> Answer:
    """The phone of one person; it reloads by itself for a while."""
    lang, left = web.language(call), _left(request)
    someone = registry.professional(call.tx, person)
    waiting = [one for one in ciba_store.waiting(call.tx, call.wire_now, person) if one.state == ciba_store.PENDING]
    call.who["professional"] = person[:200]
    answer = web.page(
        call,
        "phone.html",
        lang=lang,
        person=person,
        whose=f"{someone.given} {someone.family}".strip() if someone is not None else "",
        device=ciba_store.device(call.tx, person),
        requests=[_shown(call, one) for one in waiting],
        token=_token(call, secret),
        left=left,
        reload=_link(call, person, lang, RELOADS),
        other=_link(call, person, "en" if lang == "fr" else "fr", left),
    )
    if not left:
        return answer
    again = f"{RELOAD_S}; url={_link(call, person, lang, left - 1)}"
    return replace(answer, headers={**answer.headers, "Refresh": again})


def _left(request: PscRequest) -> int:
    """How many reloads are left; the first visit begins with all of them."""
    given = request.params.get("left")
    if not given:
        return RELOADS
    return min(int(given), RELOADS) if given.isascii() and given.isdecimal() and len(given) < 4 else 0


def _link(call: Call, person: str, lang: str, left: int) -> str:
    return f"{web.prefix(call)}/phone?{urlencode({'person': person, 'lang': lang, 'left': left})}"


def _shown(call: Call, one: CibaRequest) -> dict[str, Any]:
    client = clients.find(call.tx, one.client_id)
    return {
        "id": one.id,
        "client": client.title if client is not None else one.client_id,
        "binding_message": one.binding_message,
        "channel": one.channel,
        "seconds": int((one.expires - call.wire_now).total_seconds()),
    }


def _token(call: Call, secret: str) -> str:
    """Proves that a form was made for the browser that holds ``secret`` in its cookie, in this world."""
    key = keys.hmac_key(call.tx, NAME).secret
    return hmac.new(key, f"phone:{call.world.name}:{secret}".encode(), hashlib.sha256).hexdigest()


def _answered(call: Call, request: PscRequest) -> Answer:
    from_own_page(call, request)
    secret = answers.cookie(request.headers, cookie_name(call))
    given = request.params.get("token")
    if not secret or not hmac.compare_digest(given.encode(), _token(call, secret).encode()):
        found, expected = "no cookie" if not secret else "another page", "the token of the page and its cookie"
        raise call.refusal(rules.FORM.finding(request.where("token"), found=found, expected=expected))
    person = _switched(call, request) if request.params.has("device") else _given(call, request)
    call.who["professional"] = person[:200]
    lang = web.language(call)
    return answers.redirect(f"{web.prefix(call)}/phone", {"person": person, "lang": lang})


def _given(call: Call, request: PscRequest) -> str:
    """Answers one request; the person it was for. Raises ``Refused``."""
    given, at = request.params.get("answer"), request.where("answer")
    if given not in device.ANSWERS:
        expected = "approve, refuse, ignore, pin-blocked or offline"
        raise call.refusal(rules.CHOICE.finding(at, found=given, expected=expected))
    found = ciba_store.find(call.tx, request.params.get("request"))
    if found is None or not found.awaits(call.wire_now):
        state = found.state if found is not None else ""
        raise call.refusal(rules.OVER.finding(request.where("request"), found=state, expected="a pending request"))
    device.answer(call.tx, found, given)
    call.keys.add(f"ciba:{found.id}")
    call.marks["answer"] = given
    return found.person


def _switched(call: Call, request: PscRequest) -> str:
    """Puts the person's device in or out of service. Raises ``Refused``."""
    state, person = request.params.get("device"), request.params.get("person")
    if state not in ciba_store.DEVICES or not person or registry.professional(call.tx, person) is None:
        expected = "a professional of this world, and ready, offline or pin-blocked"
        raise call.refusal(rules.CHOICE.finding(request.where("device"), found=state, expected=expected))
    ciba_store.set_device(call.tx, person, state)
    call.marks["device"] = state
    return person
