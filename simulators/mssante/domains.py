"""The mail domains a world hosts, and the white list of those of other operators (facts mssante §1.4, §2.5).

A domain leads to one world only: it is a routing key. In the white list the key is domain and certificate DN, as one
domain may have several operator certificates; ``route`` says where its operator answers, in place of an MX record.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Integer, Row, Text

from simulators.core.errors import RoutingConflict
from simulators.core.pki import Comparison, DnError, same_dn
from simulators.core.routing import claim
from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.mssante.addresses import FICTITIOUS_SUFFIX, Address, Family
from simulators.mssante.names import DOMAIN_ROUTE

_hosted: Final = world_table(
    "mssante_domains", Column("domain", Text), Column("adopted", Integer, nullable=False), key=("domain",)
)
_white_list: Final = world_table(
    "mssante_white_list",
    Column("domain", Text),
    Column("dn", Text),
    Column("description", Text, nullable=False),
    Column("route", Text, nullable=False),
    key=("domain", "dn"),
)
_FORBIDDEN = re.compile(r"[^a-z0-9-]+")
FAMILY: Final = "mailboxes"
"""The family of the policy ``unknown`` that mailboxes and domains belong to."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One entry of the white list. ``dn`` is RFC 4514 text, ``route`` is ``host:port`` or empty."""

    domain: str
    dn: str
    description: str = ""
    route: str = ""


# --- hosted here


def main_domain(world: str) -> str:
    """The domain a world is born with; the names of two worlds may give the same one, see :func:`found`."""
    label = _FORBIDDEN.sub("-", world.lower()).strip("-") or "monde"
    return f"{label}.{FICTITIOUS_SUFFIX}"


def found(tx: Tx) -> str:
    """Claims and returns the first domain of a new world."""
    name, _, suffix = main_domain(tx.world).partition(".")
    for number in range(1, 10_000):
        domain = f"{name}.{suffix}" if number == 1 else f"{name}-{number}.{suffix}"
        with suppress(RoutingConflict):
            host(tx, domain)
            return domain
    raise RoutingConflict(f"no domain is free for world {tx.world}")


def host(tx: Tx, domain: str, *, adopted: bool = False) -> None:
    """This world answers for ``domain`` from now on. Raises ``RoutingConflict``."""
    claim(tx, DOMAIN_ROUTE, domain.lower())
    tx.add(_hosted, domain=domain.lower(), adopted=int(adopted))


def hosted(tx: Tx) -> list[str]:
    """Every domain of this world."""
    return [row.domain for row in tx.find(_hosted)]


def hosting(tx: Tx, domain: str) -> str:
    """``seeded``, ``adopted``, or empty when this world does not host the domain."""
    row = tx.get(_hosted, domain=domain.lower())
    return "" if row is None else ("adopted" if row.adopted else "seeded")


# --- the white list


def list_operator(tx: Tx, entry: Operator) -> None:
    """Adds or replaces. Raises ``DnError``, ``ValueError`` (a domain outside the trust space, no DN)."""
    if Address.read(f"a@{entry.domain}").family not in {Family.PROFESSIONAL, Family.APICRYPT, Family.CITIZEN}:
        raise ValueError(f"{entry.domain}: no domain of the trust space")
    if entry.dn:
        same_dn(entry.dn, entry.dn)
    values = {"description": entry.description, "route": entry.route}
    tx.put(_white_list, domain=entry.domain.lower(), dn=entry.dn, **values)


def unlist(tx: Tx, domain: str) -> int:
    """Every entry of a domain; how many there were."""
    return tx.delete(_white_list, domain=domain.lower())


def white_list(tx: Tx) -> list[Operator]:
    """By domain, then DN."""
    return [_read(row) for row in tx.find(_white_list)]


def operators_of(tx: Tx, domain: str) -> list[Operator]:
    """The entries of one domain."""
    return [_read(row) for row in tx.find(_white_list, domain=domain.lower())]


def listed(entries: list[Operator], dn: str) -> bool:
    """Whether one of ``entries`` names this certificate."""
    return any(_same(entry.dn, dn) for entry in entries)


def route_of(tx: Tx, domain: str) -> str:
    """``host:port`` of a domain's operator, empty when none is known."""
    return next((entry.route for entry in operators_of(tx, domain) if entry.route), "")


def _same(listed_dn: str, dn: str) -> bool:
    try:
        return same_dn(listed_dn, dn) is not Comparison.DIFFERENT
    except DnError:
        return False


def _read(row: Row[Any]) -> Operator:
    return Operator(row.domain, row.dn, row.description, row.route)
