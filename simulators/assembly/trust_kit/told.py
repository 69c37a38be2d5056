"""One journal row at the start, in the pseudo-world: which authorities of the vendor are accepted, and what to mind."""

from __future__ import annotations

import logging

from simulators.assembly.trust_kit.vendor import Vendor
from simulators.core import journal
from simulators.core.pki import dn_of, format_dn
from simulators.core.store.schema import PSEUDO_WORLD
from simulators.core.world import Worlds

log = logging.getLogger("simulators")


def tell(worlds: Worlds, vendor: Vendor) -> None:
    """Writes the row ``trust.vendor``; nothing without a vendor's authority."""
    if not vendor.authorities:
        return
    notes = vendor.notes(worlds.now())
    for note in notes:
        log.warning("%s / %s", note.fr, note.en)
    marks = {
        "authorities": [format_dn(reversed(dn_of(one.subject))) for one in vendor.authorities],
        "crls": len(vendor.crls),
        "structures": len(vendor.subjects),
        "warnings": [{"fr": note.fr, "en": note.en} for note in notes],
    }
    entry = journal.Entry(protocol="trust", operation="trust.vendor", marks=marks)
    world = worlds.get(PSEUDO_WORLD)
    with worlds.store.write(PSEUDO_WORLD) as tx:
        journal.record(tx, world, worlds.now(), entry)
