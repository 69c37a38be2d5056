"""What a request is once read, and what is known of its sender."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from simulators.core.exchange import Answer, Call
from simulators.core.oidc.params import Params
from simulators.core.pki import CertificateFacts, Trust
from simulators.pro_sante_connect.operations import Operation

Carrier = Literal["query", "body", "header", "certificate", ""]


@dataclass(frozen=True)
class Shown:
    """How the client shows itself: ``secret_in`` says where the secret stood (``header`` is HTTP Basic)."""

    client_id: str = ""
    secret: str = ""
    secret_in: Carrier = ""
    id_in: Carrier = ""
    twice: bool = False
    certificate: CertificateFacts | None = None


@dataclass(frozen=True)
class PscRequest:
    """One request. ``issuer`` and ``wallet`` are the public bases for whoever sent it, world prefix included;
    ``trust`` judges certificates at ``wall``, as TLS does."""

    operation: Operation
    method: str
    params: Params
    query: Params
    headers: Mapping[str, str]
    shown: Shown
    issuer: str
    wallet: str
    path: str
    trust: Trust
    wall: datetime

    def where(self, name: str) -> str:
        """Where a parameter stands, or would stand: ``query.state``, ``body.code``; a client that names itself by HTTP
        Basic does so in ``header.Authorization``."""
        if name == "client_id" and self.shown.id_in == "header":
            return "header.Authorization"
        in_query = name in (key for key, _ in self.query.pairs) or self.method in {"GET", "HEAD"}
        return f"{'query' if in_query else 'body'}.{name}"

    @property
    def bearer(self) -> str:
        """The token of the Authorization header (RFC 6750 §2.1), else of the form (§2.2), empty without one."""
        return self._in_header if self._in_header is not None else self.params.get("access_token")

    @property
    def bearer_place(self) -> str:
        """Where that token stands, or would stand."""
        in_form = self._in_header is None and self.params.has("access_token")
        return self.where("access_token") if in_form else "header.Authorization"

    @property
    def _in_header(self) -> str | None:
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else None


Perform = Callable[[Call, PscRequest], Answer]


def epoch(instant: datetime) -> int:
    """Whole seconds since 1970 UTC, as in every claim."""
    return int(instant.timestamp())
