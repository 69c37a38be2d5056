"""The form of the wallet page: one person, one means, once. It proves that it comes from the page and the browser that
were given the sign-in."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit

from simulators.core.exchange import Answer, Call
from simulators.core.oidc import answers
from simulators.core.rules import Finding
from simulators.core.store.api import Tx
from simulators.population import registry
from simulators.pro_sante_connect import clients, creating, sessions, wallet
from simulators.pro_sante_connect.authorization import login_cookie_name, open_session, with_code
from simulators.pro_sante_connect.clients import Client
from simulators.pro_sante_connect.model import PscRequest
from simulators.pro_sante_connect.names import CARD, MOBILE
from simulators.pro_sante_connect.rules import login as rules
from simulators.pro_sante_connect.sessions import Login
from simulators.pro_sante_connect.settings import LOGIN, MEANS

REFUSE = "refuse"


def login(call: Call, request: PscRequest) -> Answer:
    """GET: the page again (language, tab, search). POST: the choice. Raises ``Refused``."""
    begun = _begun(call, request)
    if request.method == "GET":
        client = clients.find(call.tx, begun.client_id) or Client(begun.client_id)
        return wallet.page(call, begun, client, dict(request.params.pairs))
    from_own_page(call, request)
    if request.params.get("choice") == REFUSE:
        raise call.refusal(rules.DENIED.finding(request.where("choice"), found=REFUSE, expected="an identity"))
    means, person = _means(call, request), _person(call, request)
    if not sessions.end_login(call.tx, begun.id):
        raise call.refusal(_over(request))
    _leave(call, request, person)
    session = sessions.open_session(call.tx, person, means, call.wire_now, browser=True)
    call.marks["signed_in_by"] = "wallet page"
    return with_code(call, request, begun.request, session)


def from_own_page(call: Call, request: PscRequest) -> None:
    """Browsers say where a form comes from: only a page of this very host may send one. Raises ``Refused``."""
    call.find(*_foreign(call, request))


def _foreign(call: Call, request: PscRequest) -> Iterator[Finding]:
    own = {request.headers.get("Host", "").lower(), urlsplit(request.wallet).netloc.lower()}
    for name in ("Origin", "Referer"):
        given = request.headers.get(name, "")
        if given and _host(given) not in own:
            yield rules.LOGIN_FOREIGN.finding(f"header.{name}", found=given, expected="a page of this host")
            return
    site = request.headers.get("Sec-Fetch-Site", "")
    if site not in {"", "same-origin", "none"}:
        yield rules.LOGIN_FOREIGN.finding("header.Sec-Fetch-Site", found=site, expected="same-origin")


def _host(address: str) -> str:
    try:
        return urlsplit(address).netloc.lower() or address
    except ValueError:
        return address


def _begun(call: Call, request: PscRequest) -> Login:
    """The sign-in under way, in the browser where it began. Raises ``Refused``."""
    begun = sessions.login(call.tx, request.params.get("login"))
    if begun is None:
        raise call.refusal(_over(request))
    call.who["client"] = begun.client_id
    if call.wire_now >= begun.began + timedelta(seconds=LOGIN.number(call.world.policy)):
        call.if_refused(partial(_forget, begun.id))
        raise call.refusal(_over(request))
    shown = answers.cookie(request.headers, login_cookie_name(call))
    if not hmac.compare_digest(shown.encode(), begun.browser.encode()):
        expected = "the cookie given when this sign-in began"
        found = "another one" if shown else ""
        raise call.refusal(rules.LOGIN_FOREIGN.finding("cookie", found=found, expected=expected))
    return begun


def _forget(login_id: str, tx: Tx) -> None:
    sessions.end_login(tx, login_id)


def _over(request: PscRequest) -> Finding:
    return rules.LOGIN_OVER.finding(request.where("login"), expected="a sign-in under way")


def _means(call: Call, request: PscRequest) -> str:
    means = request.params.get("means") or MEANS.text(call.world.policy)
    if means not in {CARD, MOBILE}:
        call.find(rules.CHOICE.finding(request.where("means"), found=means, expected="CARD or MOBILE"))
    return means


def _person(call: Call, request: PscRequest) -> str:
    """The national identifier of who signs in. Raises ``Refused``."""
    chosen, at = request.params.get("choice"), request.where("choice")
    if chosen == creating.NEW:
        return creating.created(call, request).ps_idnat.value
    if not chosen or registry.professional(call.tx, chosen) is None:
        call.find(rules.CHOICE.finding(at, found=chosen, expected="a professional"))
    return chosen


def _leave(call: Call, request: PscRequest, person: str) -> None:
    """One browser, one person: whoever was signed in there before, and is somebody else, is signed out."""
    former = open_session(call, request)
    if former is not None and former.person != person:
        sessions.close_session(call.tx, former.sid, "somebody else signed in in this browser")
