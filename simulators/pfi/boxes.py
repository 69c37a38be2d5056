"""The mailboxes this PFI uses, where a world names none: those that its hospital was born with at the operator.

The operator and the PFI agree on names without knowing each other; a test of both holds them together.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from simulators.core.routing import holder
from simulators.core.rules import Policy
from simulators.core.store.api import Tx
from simulators.pfi.settings import ERROR_MAILBOX, MAILBOX
from simulators.population import registry
from simulators.population.model import Structure

SUFFIX: Final = "mssante.test"
DOMAIN_ROUTE: Final = "mail-domain"
"""Kind of the routing keys that lead from a mail domain to its world."""
_ODD = re.compile(r"[^a-z0-9]+")
_FORBIDDEN = re.compile(r"[^a-z0-9-]+")
_MOST_WORLDS_OF_ONE_NAME: Final = 100


def hospital(tx: Tx) -> Structure | None:
    """The hospital of the world: the structure whose PFI this is."""
    return next((one for one in registry.structures(tx) if one.kind == "hospital" and not one.adopted), None)


def mailbox(tx: Tx, policy: Policy) -> str:
    """The applicative mailbox; empty in a world without hospital."""
    return MAILBOX.text(policy).strip().lower() or _of(tx, ".app")


def error_mailbox(tx: Tx, policy: Policy) -> str:
    """Where integration errors are told (facts pfi §4, MSS/UX.12)."""
    return ERROR_MAILBOX.text(policy).strip().lower() or _of(tx, "")


def _of(tx: Tx, ending: str) -> str:
    here = hospital(tx)
    return f"{_word(here.slug)}{ending}@{_domain(tx)}" if here is not None else ""


def _domain(tx: Tx) -> str:
    """That of the world's name; worlds whose names give the same one have a number."""
    label = _FORBIDDEN.sub("-", tx.world.lower()).strip("-") or "monde"
    names = [f"{label}.{SUFFIX}", *(f"{label}-{number}.{SUFFIX}" for number in range(2, _MOST_WORLDS_OF_ONE_NAME))]
    for name in names:
        found = holder(tx, DOMAIN_ROUTE, name)
        if found in {None, tx.world}:
            return name if found else names[0]
    return names[0]


def _word(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _ODD.sub("-", plain).strip("-") or "bal"
