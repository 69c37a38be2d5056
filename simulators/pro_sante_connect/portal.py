"""The user's portal: who is signed in in this browser, for which products, and the way out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from simulators.core.exchange import Answer, Call
from simulators.core.oidc import answers
from simulators.population import registry
from simulators.pro_sante_connect import clients, sessions, wallet, web
from simulators.pro_sante_connect.authorization import cookie_name, open_session
from simulators.pro_sante_connect.login import from_own_page
from simulators.pro_sante_connect.model import PscRequest
from simulators.pro_sante_connect.sessions import Session
from simulators.pro_sante_connect.settings import IDLE, SESSION


def portal(call: Call, request: PscRequest) -> Answer:
    """GET: what this browser holds. POST: signed out. Raises ``Refused``."""
    session = open_session(call, request)
    if request.method == "GET":
        return _page(call, session)
    from_own_page(call, request)
    if session is not None:
        sessions.close_session(call.tx, session.sid, "signed out on the portal")
        call.who["professional"] = session.person
        call.keys.add(f"session:{session.sid}")
    call.marks["session_closed"] = session is not None
    return answers.set_cookie(_page(call, None, left=session is not None), cookie_name(call), "", seconds=0)


def _page(call: Call, session: Session | None, *, left: bool = False) -> Answer:
    lang = web.language(call)
    at, other = f"{web.here(call)}/login-page", "en" if lang == "fr" else "fr"
    links = {"other": f"{at}?{urlencode({'lang': other})}", "form": f"{at}?{urlencode({'lang': lang})}"}
    told = _told(call, session) if session is not None else None
    return web.page(call, "portal.html", lang=lang, links=links, session=told, left=left)


def _told(call: Call, session: Session) -> dict[str, Any]:
    policy = call.world.policy
    someone = registry.professional(call.tx, session.person)
    longest = session.login + timedelta(seconds=SESSION.number(policy))
    idle = session.used + timedelta(seconds=IDLE.number(policy))
    return {
        "person": session.person,
        "name": wallet.name_of(someone) if someone is not None else session.person,
        "means": session.means,
        "login": session.login,
        "ends": min(longest, idle),
        "clients": _clients(call, session),
    }


def _clients(call: Call, session: Session) -> list[str]:
    """The products that hold tokens of the session."""
    held = dict.fromkeys(token.client_id for token in sessions.tokens_of(call.tx, session.sid))
    found = ((client_id, clients.find(call.tx, client_id)) for client_id in held)
    return [client.title if client is not None else client_id for client_id, client in found]
