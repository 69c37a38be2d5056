"""A certificate whose holder nobody can name serves no structure."""

from __future__ import annotations

from tests.support.dmp_messages import td02
from tests.support.dmp_room import Room


def test_a_certificate_of_nobody_serves_no_structure(room: Room) -> None:
    """Both certificates, of the connection and of the signature."""
    seen = room.send(td02(), holder="bogus")
    assert "DMP-VIHF-STRUCTURE-CERTIFICATE" in seen.rules
    assert seen.row.outcome == "refused"


def test_the_generic_pair_serves_any_structure(room: Room) -> None:
    assert room.send(td02(), holder="SIM-ANY").row.outcome == "accepted"
