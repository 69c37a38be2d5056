"""What a request is once read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from simulators.core.exchange import Answer, Call
from simulators.core.oidc.params import Params
from simulators.hospital_idp.names import ROOT
from simulators.hospital_idp.operations import Operation
from simulators.hospital_idp.providers import Provider

Carrier = Literal["header", "body", ""]


@dataclass(frozen=True)
class Shown:
    """How the client shows itself. ``plain`` is the Basic secret as it stands, before form decoding (RFC 6749 §2.3.1);
    ``ways`` are the places of everything that proves something."""

    client_id: str = ""
    secret: str = ""
    plain: str = ""
    assertion: str = ""
    id_in: Carrier = ""
    ways: tuple[str, ...] = ()


@dataclass(frozen=True)
class IdpRequest:
    """One request. ``base`` is the public base for whoever sent it, world prefix included."""

    provider: str
    operation: Operation
    method: str
    params: Params
    query: Params
    headers: Mapping[str, str]
    shown: Shown
    base: str

    @property
    def issuer(self) -> str:
        """The provider's issuer as the sender of this request knows it."""
        return f"{self.base}{ROOT}/{self.provider}"

    def where(self, name: str) -> str:
        """Where a parameter stands, or would stand: ``query.state``, ``body.code``."""
        in_query = name in (key for key, _ in self.query.pairs) or self.method in {"GET", "HEAD"}
        return f"{'query' if in_query else 'body'}.{name}"


Perform = Callable[[Call, IdpRequest, Provider], Answer]


def epoch(instant: datetime) -> int:
    """Whole seconds since 1970 UTC, as in every claim."""
    return int(instant.timestamp())
