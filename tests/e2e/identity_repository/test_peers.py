"""The PFI and the DPI of a sandbox obey what the identity repository tells them, over MLLP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from simulators.clients.control import Control, world_path


class Journey:
    """One world: commands given to the repository, documents written in the record, what the DMP got."""

    def __init__(self, control: Control, world: str) -> None:
        self._control, self._path = control, world_path(world)

    def command(self, name: str, **body: Any) -> list[str]:
        """The acknowledgements, of the PFI and of the DPI."""
        done = self._control.call("POST", f"{self._path}/identity/{name}", {"wait": 30, **body})
        return [message["ack"] for message in done["messages"]]

    def letter(self) -> Any:
        """A discharge letter validated in the record, once everything that follows is done."""
        body = {"patient": "adult", "kind": "discharge-letter", "flags": {"DESTDMP": True}, "validate": True}
        made = self._control.call("POST", f"{self._path}/dpi/documents", body)
        self._control.call("POST", f"{self._path}/clock", {"advance": "PT0S"})
        return self._control.call("GET", f"{self._path}/dpi/documents/{made['id']}")

    def fed(self) -> int:
        """How many documents the DMP was fed with."""
        rows = self._control.call("GET", f"{self._path}/exchanges?limit=1000")["exchanges"]
        return sum(row["operation"] == "dmp.TD2.1" for row in rows)

    def patient(self) -> Any:
        found = self._control.call("GET", f"{self._path}/dpi/patients")["patients"]
        return next(one for one in found if one["matricule"] == "185010099900171" or one["slug"] == "adult")


@pytest.fixture
def journey(control: Control, world: str) -> Iterator[Journey]:
    yield Journey(control, world)


def test_both_peers_are_told_by_default(journey: Journey) -> None:
    assert journey.command("admit", patient="adult", answers="consents") == ["AA", "AA"]
    assert journey.patient()["source"] == "pam"


def test_a_document_feeds_the_dmp_after_an_admission(journey: Journey) -> None:
    journey.command("admit", patient="adult", answers="consents")
    journey.letter()
    assert journey.fed() == 1


def test_an_opposition_blocks_feeding_until_it_is_withdrawn(journey: Journey) -> None:
    journey.command("admit", patient="adult", answers="refuses-both")
    assert journey.patient()["may_feed"] is False
    journey.letter()
    assert journey.fed() == 0
    journey.command("consent", patient="adult", feed="INO")
    journey.letter()
    assert journey.fed() == 1


def test_the_pfi_alone_knows_of_an_opposition(journey: Journey, control: Control) -> None:
    pfi = control.call("GET", "/endpoints")["services"]["pfi"]["pfi_mllp"]
    assert journey.command("admit", patient="adult", feed="IO", to=[pfi]) == ["AA"]
    receipts = journey.letter()["receipts"]
    assert journey.fed() == 0
    assert [receipt["accepted"] for receipt in receipts] == [False]


def test_a_demoted_identity_has_no_ins_and_does_not_feed(journey: Journey) -> None:
    journey.command("admit", patient="adult", answers="consents")
    assert journey.command("demote", patient="adult") == ["AA", "AA"]
    assert journey.patient()["qualified"] is False
    journey.letter()
    assert journey.fed() == 0
    journey.command("qualify", patient="adult", ins="185010099900171")
    assert journey.patient()["qualified"] is True
    journey.letter()
    assert journey.fed() == 1


def test_an_old_style_consent_is_no_answer(journey: Journey) -> None:
    journey.command("admit", patient="adult", feed="IO", **{"break": {"ZFA-9": "", "ZFA-7": "Y", "ZFA-4": "N"}})
    assert journey.patient()["may_feed"] is True


@pytest.mark.parametrize("defect", [{"ZBE-3": "20260309"}, {"PID-32": "QUAL"}, {"ZBE": None}])
def test_the_peers_refuse_a_defect(journey: Journey, defect: dict[str, str | None]) -> None:
    assert journey.command("admit", patient="adult", **{"break": defect}) == ["AE", "AE"]


def test_over_mutual_tls(journey: Journey, control: Control) -> None:
    services = control.call("GET", "/endpoints")["services"]
    urls = [services["pfi"]["pfi_mllps"], services["dpi"]["dpi_mllps"]]
    assert journey.command("admit", patient="adult", to=urls) == ["AA", "AA"]
