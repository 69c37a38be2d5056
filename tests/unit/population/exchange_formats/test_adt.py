"""HL7 v2 ADT files: what products send, and what is refused, message by message."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime

import hl7
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.core.store import Store
from simulators.population.exchange_formats.adt_writer import write_adt
from simulators.population.exchange_formats.members import OWN_FAMILIES
from simulators.population.exchange_formats.read import Given, read_file
from simulators.population.ins import INS_TEST_OID
from simulators.population.reference import reference_population
from tests.unit.population.exchange_formats.importing import Bench, outcomes, said

INS = "185010099900171"
OTHER = reference_population().patient("adult-woman").ins.matricule
AUTHORITY = f"ASIP-SANTE-INS-NIR&{INS_TEST_OID}&ISO"


@pytest.fixture
def bench(memory_store: Store) -> Bench:
    return Bench(memory_store)


def message(
    *,
    event: str = "A28",
    kind: str = "ADT",
    charset: str = "UNICODE UTF-8",
    ins: str = INS,
    identifiers: str | None = None,
    names: str = "DUPONT^ALIX^ALIX CAMILLE^^^^L",
    born: str = "19850115",
    sex: str = "M",
    places: str = "^^^^^^BDL^^75056",
    status: str = "VALI",
    more: str = "",
    end: str = "\r",
) -> str:
    cx = identifiers if identifiers is not None else f"{ins}^^^{AUTHORITY}^INS~4521^^^HOPITAL&0B0999009&M^PI"
    pid = ["PID", "", "", cx, "", names, "", born, sex, "", "", places, *[""] * 20, status]
    msh = f"MSH|^~\\&|DPI|ORG|SB|ORG|20260301120000||{kind}^{event}|42|D|2.5^FRA^2.11|||||FRA|{charset}|||2.11^PAM"
    return end.join([msh, "EVN||20260301120000", "|".join(pid), "PV1|1|N", *([more] if more else []), ""])


# -- what products send -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", ["A01", "A04", "A05", "A08", "A28", "A31", "Z99"])
@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_a_patient(bench: Bench, event: str, end: str) -> None:
    report = bench.take("p.hl7", message(event=event, end=end, more="ZFA|ACTIF|||||||||IC"))
    assert (outcomes(report), said(report)) == (["imported"], [])
    (patient,) = bench.everyone()["patients"]
    assert (patient.birth_name, patient.given_names, patient.slug) == ("DUPONT", ("ALIX", "CAMILLE"), "4521")
    assert (patient.birth_date, patient.birth_place, patient.ins.oid) == (date(1985, 1, 15), "75056", INS_TEST_OID)
    assert (patient.dmp_state, patient.adopted) == ("active", False)


def test_several_messages_framed_or_not_and_what_they_carry(bench: Bench) -> None:
    first = message(more="OBX|1|ED|" + "x" * 100_000)
    second = message(
        event="A31",
        ins=OTHER,
        identifiers=f"{OTHER}^^^{AUTHORITY}^INS",
        names="DURAND^ZO\\X45\\^ZOE^^^^L~ROUX\\T\\FILS^ZOE^^^^^D",
        sex="F",
        born="19900101120000+0100",
        places="12 RUE HAUTE^APT 2^LYON^^69001^FRA^H~^^^^^^BDL^^69123",
        more="ZFA|FERME|20240101|20240201|||Y|N||IO||INC",
    ).replace("PV1|1|N", "PD1||||899700000013^X^^^^^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS~77^LOCAL\rPV1|1|N")
    second = second.replace(
        "|" * 21 + "VALI", "||^PRN^PH^^^^^^^^^0199000001~^NET^Internet^z@example.test" + "|" * 19 + "VALI"
    )
    framed = f"\x0b{first}\x1c\r\x0b{second}\x1c\r".encode()
    report = bench.take("p.hl7", framed)
    assert (outcomes(report), said(report)) == (["imported", "imported"], [])
    woman = next(p for p in bench.everyone()["patients"] if p.sex == "F")
    assert (woman.birth_name, woman.used_name, woman.given_names) == ("DURAND", "ROUX&FILS", ("ZOE",))
    assert (woman.address.lines, woman.address.city, woman.birth_place) == (("12 RUE HAUTE", "APT 2"), "LYON", "69123")
    assert (woman.phone, woman.email) == ("0199000001", "z@example.test")
    assert (woman.dmp_state, woman.dmp_closed_on) == ("closed", date(2024, 2, 1))
    opposed = woman.oppositions
    assert (opposed.bris_de_glace, opposed.acces_urgence, opposed.alimentation, opposed.consultation) == (
        True,
        False,
        True,
        True,
    )
    assert [ps.value for ps in woman.treating_physicians] == ["899700000013"]
    batched = "FHS|^~\\&\rBHS|^~\\&\r" + first + second + "BTS|2\rFTS|1\r"
    assert outcomes(bench.take("p.er7", batched)) == ["unchanged", "unchanged"]


def test_a_later_message_tells_the_later_state(bench: Bench) -> None:
    text = message(event="A01") + message(event="A31", names="DURAND^ALIX^ALIX^^^^L")
    assert outcomes(bench.take("p.adt", text)) == ["imported", "imported"]
    assert bench.everyone()["patients"][0].birth_name == "DURAND"


def test_the_rest_of_a_known_patient_stays(bench: Bench) -> None:
    adult = reference_population().patient("several-names")
    bench.take("all.json", reference_population().dumps())
    text = message(ins=adult.ins.matricule, names='""^X^^^^^D~NOUVEAU^X^X^^^^L', born="19800101", sex=adult.sex)
    assert outcomes(bench.take("p.hl7", text)) == ["replaced"]
    with bench.store.read("w") as tx:
        found = OWN_FAMILIES[0].find(tx, adult.ins.matricule)
    assert (found.birth_name, found.used_name, found.slug, found.phone) == (
        "NOUVEAU",
        None,
        "several-names",
        adult.phone,
    )


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("8859/1", "latin-1"), ("8859/15", "iso8859-15"), ("UNICODE UTF-8", "utf-8"), ("", "utf-8")],
)
def test_the_character_set_of_msh_18(bench: Bench, charset: str, encoding: str) -> None:
    text = message(charset=charset, names="LEFÈVRE^ZOÉ^ZOÉ^^^^L")
    assert said(bench.take("p.hl7", text.encode(encoding))) == []
    assert bench.everyone()["patients"][0].birth_name == "LEFÈVRE"


def test_utf_8_under_another_name_is_read_and_told(bench: Bench) -> None:
    report = bench.take("p.hl7", message(charset="8859/15", names="LEFÈVRE^ZOÉ^ZOÉ^^^^L").encode())
    assert (outcomes(report), said(report)) == (["imported"], [(1, "MSH-18", "CHARSET")])
    assert bench.everyone()["patients"][0].birth_name == "LEFÈVRE"


def test_an_event_that_tells_no_state_is_ignored(bench: Bench) -> None:
    report = bench.take("p.hl7", message(event="A40") + message())
    assert (outcomes(report), said(report)) == (["ignored", "imported"], [(1, "MSH-9", "EVENT")])


# -- refusals ---------------------------------------------------------------------------------------------------------

NIR = f"{INS}^^^ASIP-SANTE-NIR&1.2.250.1.213.1.4.8&ISO^NH"
WRONG: dict[str, tuple[str, list[tuple[int, str, str]]]] = {
    "no INS": (message(identifiers="4521^^^HOPITAL^PI"), [(1, "PID-3", "NO-INS")]),
    "a billing NIR is no INS": (message(identifiers=NIR), [(1, "PID-3", "NO-INS")]),
    "not qualified": (message(status="PROV"), [(1, "PID-32", "NOT-VALI")]),
    "INS key": (message(ins="185010099900172"), [(1, "PID-3", "INS-KEY")]),
    "unknown authority": (message(identifiers=f"{INS}^^^X&1.2.3&ISO^INS"), [(1, "PID-3", "VALUE")]),
    "sex": (message(sex="U"), [(1, "PID-8", "VALUE")]),
    "birth date": (message(born="19850230"), [(1, "PID-7", "VALUE")]),
    "no birth date": (message(born=""), [(1, "PID-7", "REQUIRED")]),
    "no birth name": (message(names="DUPONT^ALIX^^^^^D"), [(1, "PID-5", "REQUIRED")]),
    "huge name": (message(names=f"{'X' * 300}^ALIX^ALIX^^^^L"), [(1, "PID-5", "VALUE")]),
    "DMP state": (message(more="ZFA|OUVERT"), [(1, "ZFA-1", "VALUE")]),
    "closed, but when": (message(more="ZFA|FERME"), [(1, "ZFA-3", "REQUIRED")]),
    "no ADT": (message(kind="ORU", event="R01"), [(1, "MSH-9", "NOT-ADT")]),
    "two PID": (message(more="PID|1"), [(1, "PID", "NO-PID")]),
    "no PID": ("MSH|^~\\&|A|B|C|D|2026||ADT^A28|1|P|2.5\r", [(1, "PID", "NO-PID")]),
    "no MSH": ("PID|||1\r", [(1, "MSH", "NO-MSH")]),
    "separators": (message().replace("MSH|^~\\&", "MSH||||"), [(1, "MSH-2", "NO-MSH")]),
    "MSH alone": ("MSH", [(1, "MSH-2", "NO-MSH")]),
    "NUL": (message(names="DU\0PONT^A^A^^^^L"), [(1, "", "NUL")]),
    "huge PID": (message(places="x" * 70_000), [(1, "PID", "TOO-LARGE")]),
    "unknown charset": (message(charset="KLINGON"), [(1, "MSH-18", "ENCODING")]),
    "frame without MSH": (f"\x0b{message()}\x1c\r\x0bPID|||1\r\x1c\r", [(2, "MSH", "NO-MSH")]),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_message_is_named_and_nothing_is_imported(bench: Bench, what: str) -> None:
    text, expected = WRONG[what]
    good = message(ins=OTHER, sex="F", born="19900101", identifiers=f"{OTHER}^^^{AUTHORITY}^INS")
    report = bench.take("p.hl7", text)
    assert said(report) == expected
    assert bench.empty()
    if what not in {"no MSH", "frame without MSH"}:
        after = bench.take("p.hl7", good + text)
        assert outcomes(after) == ["withheld", "refused"]
        assert said(after) == [(2, column, code) for _, column, code in expected]
        assert bench.empty()


def test_bytes_that_are_not_what_msh_18_says(bench: Bench) -> None:
    report = bench.take("p.hl7", message(names="LEFÈVRE^A^A^^^^L").encode("latin-1"))
    assert said(report) == [(1, "MSH-18", "ENCODING")]
    assert "PID" in report.rows[0].remarks[0].found


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.lists(
            st.sampled_from(["MSH|^~\\&|", "PID|||", "^", "~", "\r", "&", "\\", "ADT^A28", "|||||", "VALI", '""']),
            max_size=30,
        ).map(lambda parts: "".join(parts).encode()),
    )
)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    assert read_file(Given("p.hl7", data), OWN_FAMILIES).rows


def test_what_is_written_is_hl7_for_the_library() -> None:
    told = write_adt(reference_population().patients[:2], datetime(2026, 3, 1, tzinfo=UTC)).decode()
    first, second = (hl7.parse(f"MSH{text}") for text in told.split("MSH")[1:])
    assert (str(first.segment("MSH")(9)), str(second.segment("MSH")(10))) == ("ADT^A28^ADT_A05", "SIM000002")
    assert str(first.segment("MSH")(21)) == "2.11^IHE_FRANCE-2.11-PAM"
    assert str(first.segment("PID")(32)) == "VALI"
    assert first.extract_field("PID", 1, 3, 1, 5) == "INS"


def test_the_library_is_imported_only_by_an_adt_file() -> None:
    code = "import sys, simulators.population.exchange_formats.read; sys.exit('hl7' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
