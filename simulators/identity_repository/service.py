"""The identity repository as one list: its status page, what it sends, its settings. It receives nothing by HL7."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from simulators.core.exchange import Runtime
from simulators.core.pki import Trust
from simulators.core.service import Fidelity, ListenerSpec, Service, WSGIApp
from simulators.core.store.api import Tx
from simulators.identity_repository import records
from simulators.identity_repository.names import LANES, LISTENER, NAME, RETRY
from simulators.identity_repository.sending import Teller
from simulators.identity_repository.settings import SETTINGS

_PAGE: Final = b"SIMULATION. Segur sandbox, identity repository: it tells its subscribers by IHE PAM France\n"
FIDELITY: Final = (
    Fidelity(
        "ADT",
        "IHE PAM France 2.11: A01-A05, A11-A13, A28, A31, A40, A47, Z99, with ZBE, ZFA, ZFD, PID-32 and the INS",
        "no query (PDQ, PIX); A06, A07, A21, A22, A38, A44, A54 are not commanded; ROL, PV2, ZFP, ZFV, ZFM not sent",
    ),
)


def service(trust: Callable[[datetime], Trust]) -> Service:
    """The repository as a service; ``trust`` judges the certificates of subscribers."""
    teller = Teller(trust)

    def wsgi(runtime: Runtime, listener: str) -> WSGIApp:
        teller.stand_on(runtime)
        return _status

    return Service(
        name=NAME,
        title_fr="Référentiel d'identités (simulation)",
        title_en="Identity repository (simulation)",
        listeners=(ListenerSpec(LISTENER, 44),),
        wsgi=wsgi,
        rules=(),
        paths={LISTENER: "/"},
        fidelity=FIDELITY,
        settings=tuple(setting.name for setting in SETTINGS),
        due={RETRY: teller.try_again},
        senders=dict.fromkeys(LANES, teller.send),
        described={"identities": described},
    )


def described(tx: Tx) -> list[dict[str, Any]]:
    """Every identity for the endpoints file and the control API."""
    return [
        {"ipp": one.ipp, "slug": one.slug, "ins": one.ins, "status": one.status, "name": f"{one.family} {one.given}"}
        for one in records.every(tx)
    ]


def _status(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(_PAGE)))])
    return [_PAGE]
