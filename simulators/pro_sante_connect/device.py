"""The person's e-CPS or card reader: what it does with a request. A simulation: no PIN is ever asked for."""

from __future__ import annotations

from typing import Final

from simulators.core.due import send_later
from simulators.core.rules import Policy
from simulators.core.store.api import Tx
from simulators.pro_sante_connect import ciba_store, clients
from simulators.pro_sante_connect.ciba_store import (
    APPROVED,
    BLOCKED,
    IGNORED,
    OFFLINE,
    PENDING,
    PIN_BLOCKED,
    REFUSED,
    UNHEARD,
    CibaRequest,
)
from simulators.pro_sante_connect.settings import CIBA_AUTO, CIBA_AUTO_AFTER

PING: Final = "psc-ciba-ping"
"""Kind of the message that tells a client in ping mode (CIBA Core §10.2)."""
STATES: Final = {
    "approve": APPROVED,
    "refuse": REFUSED,
    "ignore": IGNORED,
    PIN_BLOCKED: BLOCKED,
    OFFLINE: UNHEARD,
}
ANSWERS: Final = tuple(STATES)
AUTOMATIC: Final = ("approve", "refuse", PIN_BLOCKED, OFFLINE)
_FINAL: Final = frozenset({APPROVED, REFUSED, BLOCKED})


def answer(tx: Tx, request: CibaRequest, given: str) -> CibaRequest:
    """One of :data:`ANSWERS` to a request that awaits one. A blocked PIN and a dead network also outlast it: the next
    requests to this person fail until the device is ready again."""
    if given in {PIN_BLOCKED, OFFLINE}:
        ciba_store.set_device(tx, request.person, given)
    return apply(tx, request, given)


def apply(tx: Tx, request: CibaRequest, given: str) -> CibaRequest:
    """As :func:`answer`, to this request alone; a client in ping mode is told."""
    answered = ciba_store.set_state(tx, request, STATES[given])
    client = clients.find(tx, request.client_id)
    if answered.state in _FINAL and request.notification_token and client is not None and client.notification_endpoint:
        told = {
            "client": client.client_id,
            "endpoint": client.notification_endpoint,
            "token": request.notification_token,
            "auth_req_id": request.auth_req_id,
            "request": request.id,
        }
        send_later(tx, PING, told, id=f"{PING}:{request.id}")
    return answered


def automatic(policy: Policy, request: CibaRequest, *, at_once: bool = False) -> str:
    """What every device of the world answers by itself at this poll, empty when it does not, or not yet."""
    given = CIBA_AUTO.text(policy).strip()
    if given not in AUTOMATIC or request.state != PENDING:
        return ""
    return given if at_once or request.polls >= CIBA_AUTO_AFTER.number(policy) else ""
