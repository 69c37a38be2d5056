"""Who a world does not know: adopted, served with a warning, or refused, family by family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from simulators.population.generator import FictitiousIdentifiers
from simulators.population.ins import Ins
from tests.e2e.bad_input.bench import Bench, Expect, business, fault, refusing, registry_error
from tests.support.raw_http import Letter

ABSENT = "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0e"


def policy(bench: Bench, **unknown: str) -> None:
    bench.control.call("PATCH", f"/worlds/{bench.world}/policy", {"unknown": unknown})


def stranger(bench: Bench) -> Bench:
    """The same bench, its messages about a patient nobody has heard of."""
    other = bench.about("adult")
    other.patient = replace(bench.patient, ins=Ins.of_payload("1900475999123", bench.patient.ins.oid))
    return other


PATIENT: dict[str, tuple[Expect, str]] = {
    "TD0.3": (business("SIMDmpInactif"), "DMP-TD03-NO-DMP"),
    "TD2.1": (registry_error("XDSUnknownPatientId", "DMP-LOT-PATIENT-UNKNOWN"), "DMP-LOT-PATIENT-UNKNOWN"),
    "TD3.1": (registry_error("XDSUnknownPatientId", "DMP-RIGHT-NO-DMP"), "DMP-RIGHT-NO-DMP"),
    "TD3.2": (registry_error("XDSUnknownPatientId", "DMP-RIGHT-NO-DMP"), "DMP-RIGHT-NO-DMP"),
    "TD3.3c": (registry_error("XDSUnknownPatientId", "DMP-RIGHT-NO-DMP"), "DMP-RIGHT-NO-DMP"),
}


@pytest.mark.parametrize("operation", PATIENT)
def test_an_unknown_patient_where_unknown_ones_are_refused(fresh_bench: Bench, operation: str) -> None:
    policy(fresh_bench, patients="refuse")
    bench = stranger(fresh_bench)
    expected, rule = PATIENT[operation]
    fresh_bench.refused(lambda: bench.post(bench.letter(operation)), expected, rule)


def test_the_existence_test_says_that_there_is_no_dmp(fresh_bench: Bench) -> None:
    """No refusal: NF is what an existence test is for. Nothing is stored."""
    policy(fresh_bench, patients="refuse")
    before, bench = fresh_bench.state(), stranger(fresh_bench)
    answer = bench.ask(bench.letter("TD0.2"))
    assert (answer.outcome, answer.values["state"]) == ("accepted", "none")
    assert fresh_bench.state() == before


def test_an_unknown_patient_elsewhere_is_adopted(fresh_bench: Bench) -> None:
    bench = stranger(fresh_bench)
    answer = bench.ask(bench.letter("TD0.2"))
    assert (answer.outcome, answer.values["state"]) == ("accepted", "active")
    row = bench.rows(bench.world, 0)[-1]
    assert row["marks"]["adopted"] == [f"patients:{bench.patient.ins.matricule}"]
    assert row["verdict"]["findings"] == []


def someone_else(bench: Bench) -> Letter:
    name_id = f"8{FictitiousIdentifiers(7).rpps().value}"
    return bench.letter("TD0.2", vihf__NameID=name_id)


def somewhere_else(bench: Bench) -> tuple[Letter, Any]:
    """A structure of no world, with certificates issued for it."""
    structure = f"1{FictitiousIdentifiers(11).finess().value}"
    pair = bench.sandbox.holders.pair(bench.world, structure)
    letter = bench.letter("TD0.2", cachet=pair.sign, vihf__Identifiant_Structure=structure)
    return letter, pair.auth_cli


def test_a_structure_and_a_professional_are_refused(fresh_bench: Bench) -> None:
    bench = fresh_bench
    letter, certificate = somewhere_else(bench)
    policy(bench, structures="refuse", professionals="refuse")
    bench.refused(
        lambda: bench.post(letter, certificate),
        fault("soap:SIMStructureInconnue", "DMP-STRUCTURE-UNKNOWN"),
        "DMP-STRUCTURE-UNKNOWN",
    )
    bench.refused(
        lambda: bench.post(someone_else(bench)),
        fault("soap:SIMProfessionnelInconnu", "DMP-PROFESSIONAL-UNKNOWN"),
        "DMP-PROFESSIONAL-UNKNOWN",
    )


FAMILIES: dict[str, tuple[str, Callable[[Bench], bytes]]] = {
    "patients": ("DMP-PATIENT-UNKNOWN", lambda b: b.post(stranger(b).letter("TD0.2")).body),
    "professionals": ("DMP-PROFESSIONAL-UNKNOWN", lambda b: b.post(someone_else(b)).body),
    "structures": ("DMP-STRUCTURE-UNKNOWN", lambda b: b.post(*somewhere_else(b)).body),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_warning_and_service(fresh_bench: Bench, family: str) -> None:
    bench, (rule, send) = fresh_bench, FAMILIES[family]
    policy(bench, **{family: "warn"})
    assert b"queryAck" in send(bench)
    row = bench.rows(bench.world, 0)[-1]
    assert (row["outcome"], refusing(row)) == ("accepted", [])
    assert [f["rule"] for f in row["verdict"]["findings"] if f["level"] == "warn"].count(rule) == 1
    assert row["marks"]["adopted"][0].startswith(f"{family}:")
    send(bench)
    second = bench.rows(bench.world, 0)[-1]
    assert rule not in [f["rule"] for f in second["verdict"]["findings"]], "known from now on"
    assert "adopted" not in second["marks"]


def test_everything_refused_at_once_names_the_first_cause(fresh_bench: Bench) -> None:
    bench = fresh_bench
    policy(bench, **{"*": "refuse"})
    bench.refused(
        lambda: bench.post(someone_else(stranger(bench))),
        fault("soap:SIMProfessionnelInconnu", "DMP-PROFESSIONAL-UNKNOWN"),
        "DMP-PROFESSIONAL-UNKNOWN",
    )


# -- queries ----------------------------------------------------------------------------------------------------------

QUERIES = {
    "unknown": ({"query.id": ABSENT}, "XDSUnknownStoredQuery", "DMP-QUERY-UNKNOWN"),
    "no UUID": ({"query.id": "' OR '1'='1"}, "XDSUnknownStoredQuery", "DMP-QUERY-UNKNOWN"),
}


@pytest.fixture
def authorised(fresh_bench: Bench) -> Bench:
    """The professional may consult."""
    assert fresh_bench.ask(fresh_bench.letter("TD0.3")).outcome == "accepted"
    return fresh_bench


@pytest.mark.parametrize("name", QUERIES)
def test_an_unknown_stored_query(authorised: Bench, name: str) -> None:
    breaks, code, rule = QUERIES[name]
    letter = authorised.letter("TD3.1", wrong=breaks)
    authorised.refused(lambda: authorised.post(letter), registry_error(code, rule), rule)


CONDITIONS = {
    "open quote": (b"('urn:oasis", "XDSRegistryError"),
    "a statement": (b"('x'); DROP TABLE dmp_documents; --", "XDSRegistryError"),
    "empty": (b"", "XDSRegistryError"),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_value_that_is_no_value(authorised: Bench, name: str) -> None:
    value, code = CONDITIONS[name]
    good = b"('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')"
    letter = authorised.letter("TD3.1").swap(b">" + good + b"<", b">" + value + b"<")
    before = authorised.state()
    answer = authorised.ask(letter)
    assert (answer.outcome, answer.code) == ("refused", code), answer
    assert authorised.state() == before
    authorised.still_serves()


def test_another_patient_than_that_of_the_token(authorised: Bench) -> None:
    other = authorised.about("minor").patient.ins
    letter = authorised.letter("TD3.1")
    mine = authorised.patient.ins
    start = letter.body.index(b"<soap:Body>")
    swapped = letter.body[start:].replace(mine.matricule.encode(), other.matricule.encode())
    letter = letter.but(body=letter.body[:start] + swapped)
    answer = authorised.ask(letter)
    assert answer.outcome == "refused" or answer.values["count"] == 0, answer
    authorised.still_serves()


def test_an_unknown_document(authorised: Bench) -> None:
    letter = authorised.letter("TD3.2", retrieve__DocumentUniqueId="1.2.250.1.999.9.1.404")
    authorised.refused(
        lambda: authorised.post(letter),
        fault("soap:XDSDocumentUniqueIdError", "DMP-RETRIEVE-UNKNOWN"),
        "DMP-RETRIEVE-UNKNOWN",
    )
