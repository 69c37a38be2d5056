"""Small decisions of the PFI: whom to call, on whose behalf, which code to tell, what a cell may hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulators.core.rules import Policy
from simulators.core.store import Store
from simulators.core.world import Worlds
from simulators.documents.hl7.model import Participant
from simulators.pfi import log
from simulators.pfi.caller import caller_of, content_type_of, ps_idnat, struct_idnat
from simulators.pfi.creator import address_of
from simulators.pfi.mail_leg import smtp_error
from simulators.pfi.requests import digest_of
from simulators.pfi.statistics import log_csv
from simulators.population import registry
from simulators.population.reference import reference_population
from tests.support.hl7_documents import GOOD, SENDER
from tests.support.mails import NOW


@pytest.fixture
def worlds(memory_store: Store) -> Worlds:
    made = Worlds(memory_store, lambda: NOW, [lambda tx, world: registry.populate(tx, reference_population())])
    made.create("main")
    return made


@pytest.mark.parametrize(
    ("setting", "application", "url"),
    [
        ("", "DPI", ""),
        ("mllp://a:1", "DPI", "mllp://a:1"),
        ("DPI=mllp://a:1, RIS = mllps://b:2", "RIS", "mllps://b:2"),
        ("DPI=mllp://a:1", "SGL", ""),
    ],
)
def test_where_the_sender_listens(setting: str, application: str, url: str) -> None:
    assert address_of(Policy(settings={"pfi.dpi": setting}), application) == url


@pytest.mark.parametrize(
    ("org_id", "idnat"), [("0B0999009", "10B0999009"), ("10B0999009", "10B0999009"), (" 0B0999009 ", "10B0999009")]
)
def test_structure(org_id: str, idnat: str) -> None:
    assert struct_idnat(Participant("SB", org_id=org_id)) == idnat


@pytest.mark.parametrize(
    ("person", "idnat"), [("99700000039", "899700000039"), ("899700000039", "899700000039"), ("AB", "AB"), ("", "")]
)
def test_person(person: str, idnat: str) -> None:
    assert ps_idnat(person) == idnat


def test_known_unknown_and_device(worlds: Worlds) -> None:
    device = replace(SENDER, person_id="", family="", given="", device_id="AUTOMATE-1")
    nobody = replace(SENDER, person_id="99700009999", family="INCONNU", org_id="0B0999900", org_name="AILLEURS")
    with worlds.store.read("main") as tx:
        known, machine, stranger, nameless = (
            caller_of(tx, replace(GOOD, participants=who)) for who in ((SENDER,), (device,), (nobody,), ())
        )
    assert (known.professional.ps_idnat.value, known.structure.slug) == ("899700000039", "hospital")
    assert machine.professional.ps_idnat.value == "30B0999009/AUTOMATE-1"
    assert stranger.structure.struct_idnat.value == "10B0999900"
    for one in (machine, stranger):
        assert one.professional.activities[0].profession.code == "AUTOMATE"
    assert nameless.professional.ps_idnat.value == "899700000039"  # the author of the document


@pytest.mark.parametrize(
    ("class_", "code"), [("I", "03"), ("O", "07"), ("E", "07"), ("R", "19"), ("N", "97"), ("?", "97")]
)
def test_content_type(class_: str, code: str) -> None:
    assert content_type_of(class_).code == code


@pytest.mark.parametrize(("code", "told"), [(0, "111"), (550, "550"), (421, "421"), (599, "599")])
def test_smtp_error(code: int, told: str) -> None:
    found, label = smtp_error(code, "5.1.1 no such user")
    assert (found, label.endswith("(5.1.1 no such user)")) == (told, True)


def test_no_cell_is_a_formula(worlds: Worlds) -> None:
    with worlds.store.write("main") as tx:
        log.write(tx, NOW, log.RECEIVED, "=1+1", '@SUM(A1);"x"')
        text = log_csv(tx)
    assert text.splitlines()[1].split(";", 3)[3] == '\'=1+1;"\'@SUM(A1);""x"""'


def test_a_request_written_again_with_other_instants_is_the_same() -> None:
    first = b"MSH|^~\\&|A|B|C|D|20261121101500||MDM^T02|1\rEVN||20261121101500\rPID|||1\rOBX|1\r"
    later = first.replace(b"101500", b"101501")
    assert (
        digest_of(first) == digest_of(later) == digest_of(later.replace(b"\r", b"\r\n").replace(b"\r\n", b"\r") + b"\r")
    )
    assert digest_of(first) != digest_of(first.replace(b"PID|||1", b"PID|||2"))
