"""The simulators this version has, by name; imported only when asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any

from simulators.core.pki import Trust
from simulators.core.service import Service, WSGIApp

ROOMS = {
    "dmp": "simulators.dmp.service",
    "pro_sante_connect": "simulators.pro_sante_connect.service",
    "hospital_idp": "simulators.hospital_idp.service",
    "mssante": "simulators.mssante.service",
    "pfi": "simulators.pfi.service",
    "dpi": "simulators.dpi.service",
    "identity_repository": "simulators.identity_repository.service",
}
TrustAt = Callable[[datetime], Trust]
CONSOLE = "simulators.console.app"


def load_services(only: Sequence[str] = (), trust: TrustAt | None = None) -> tuple[Service, ...]:
    """The services named, or all. ``trust`` gives the accepted authorities at an instant; without it
    nobody is trusted, which is enough to read the lists. Raises ``ValueError``: no such simulator."""
    names = tuple(dict.fromkeys(only)) or tuple(ROOMS)
    unknown = [name for name in names if name not in ROOMS]
    if unknown:
        raise ValueError(f"no simulator is named {unknown[0]!r}: there are {', '.join(ROOMS)}")
    found: list[Service] = [import_module(ROOMS[name]).service(trust or nobody) for name in names]
    return tuple(found)


def nobody(now: datetime) -> Trust:
    """Trusts no authority."""
    return Trust(())


def load_console() -> Callable[[Any], WSGIApp]:
    """The console's application, by name as well: it stands above the façade it is given."""
    found: Callable[[Any], WSGIApp] = import_module(CONSOLE).console_app
    return found
