"""CSV files as people type them, right and wrong: one line of report a row, nothing half-imported."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.core.store import Store
from simulators.population.exchange_formats.members import OWN_FAMILIES
from simulators.population.exchange_formats.read import Given, read_file
from simulators.population.ins import INS_TEST_OID
from simulators.population.reference import reference_population
from tests.unit.population.exchange_formats.importing import Bench, csv_of, outcomes, said

HEADER = "ins;nom_naissance;prenoms;sexe;date_naissance"
INS = "185010099900171"
ADULT = reference_population().patient("adult-woman").ins.matricule
GOOD = f"{INS};DUPONT;ALIX;M;1985-01-15"


@pytest.fixture
def bench(memory_store: Store) -> Bench:
    return Bench(memory_store)


# -- what a vendor types ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (csv_of(HEADER, f"{INS};LEFÈVRE;ALIX CAMILLE;M;1985-01-15"), "utf-8"),
        (csv_of(HEADER, f"{INS};LEFÈVRE;ALIX|CAMILLE;M;15/01/1985", end="\n"), "utf-8-sig"),
        (csv_of(HEADER.replace(";", ","), f"{INS},LEFÈVRE,ALIX CAMILLE,Masculin,15/01/1985"), "utf-8"),
        (csv_of("sep=;", HEADER, f'{INS};"LEFÈVRE";ALIX CAMILLE;m;1985-01-15;;;', ";;;;"), "utf-8"),
        (
            csv_of(
                "Sexe;Date de naissance;Nom de naissance;Prénoms;Matricule INS",
                f" H ;15/01/1985;LEFÈVRE;ALIX CAMILLE;{INS}",
            ),
            "utf-8",
        ),
    ],
)
def test_a_new_patient(bench: Bench, text: str, encoding: str) -> None:
    report = bench.take("patients.csv", text.encode(encoding))
    assert (outcomes(report), said(report)) == (["imported"], [])
    (patient,) = bench.everyone()["patients"]
    assert (patient.birth_name, patient.given_names, patient.sex) == ("LEFÈVRE", ("ALIX", "CAMILLE"), "M")
    assert (patient.birth_date, patient.ins.oid, patient.slug) == (date(1985, 1, 15), INS_TEST_OID, INS)
    assert (patient.dmp_state, patient.adopted, patient.birth_place) == ("active", False, "00999")


def test_windows_1252_is_read_when_it_is_announced(bench: Bench) -> None:
    data = csv_of(HEADER, GOOD, f"{ADULT};LEFÈVRE;ZOÉ;F;1990-01-01").encode("cp1252")
    refused = bench.take("p.csv", data)
    assert said(refused) == [(3, "", "ENCODING")]
    assert bench.empty()
    assert outcomes(bench.take("p.csv", data, encoding="windows-1252")) == ["imported", "imported"]
    assert "LEFÈVRE" in {patient.birth_name for patient in bench.everyone()["patients"]}


def test_the_same_again_changes_nothing_and_another_name_replaces(bench: Bench) -> None:
    bench.take("p.csv", csv_of(HEADER + ";telephone;reference", GOOD + ";0639980001;un"))
    assert outcomes(bench.take("p.csv", csv_of(HEADER, GOOD))) == ["unchanged"]
    assert outcomes(bench.take("p.csv", csv_of(HEADER, GOOD.replace("DUPONT", "DURAND")))) == ["replaced"]
    (patient,) = bench.everyone()["patients"]
    assert (patient.birth_name, patient.phone, patient.slug) == ("DURAND", "0639980001", "un"), "the rest stays"
    assert outcomes(bench.take("p.csv", csv_of(HEADER + ";telephone", GOOD + ";"))) == ["replaced"]
    assert bench.everyone()["patients"][0].phone is None, "an empty cell clears"


def test_a_closed_dmp_and_its_opening_again(bench: Bench) -> None:
    header = HEADER + ";etat_dmp;dmp_ferme_le;motif_fermeture"
    closed = bench.take("p.csv", csv_of(header, GOOD + ";fermé;01/02/2024;FERMETURE_DEMANDE_PATIENT"))
    assert outcomes(closed) == ["imported"]
    assert bench.everyone()["patients"][0].dmp_closed_on == date(2024, 2, 1)
    assert outcomes(bench.take("p.csv", csv_of(HEADER + ";etat_dmp", GOOD + ";actif"))) == ["replaced"]
    assert bench.everyone()["patients"][0].dmp_closing_motive is None
    contradicts = bench.take("p.csv", csv_of(HEADER + ";etat_dmp", GOOD + ";ferme"))
    assert said(contradicts) == [(2, "dmp_ferme_le", "VALUE")]


def test_professionals_have_one_row_an_activity(bench: Bench) -> None:
    header = "rpps;nom;prenom;profession;specialite;structure;secteur"
    text = csv_of(
        header,
        "99700000013;SIMULE;ALIX;10;SM26;0B0999009;SA01",
        "99700000013;SIMULE;ALIX;10;;10B0999017;SA01",
        "899700000021;AUTRE;;60;;;",
    )
    refused = bench.take("ps.csv", text)
    assert [entry for entry in said(refused) if entry[0] == 4]
    assert outcomes(refused)[:2] == ["withheld", "withheld"]
    assert bench.empty()
    report = bench.take("ps.csv", text.replace(";60;;;", ";;;;"))
    assert outcomes(report) == ["imported"] * 3
    first, second = bench.everyone()["professionals"]
    assert [(a.structure.value, a.specialty is None) for a in first.activities] == [
        ("10B0999009", False),
        ("10B0999017", True),
    ]
    assert (first.ps_idnat.value, second.activities) == ("899700000013", ())
    disagrees = bench.take("ps.csv", text.replace("SIMULE;ALIX;10;;", "SIMULÉE;ALIX;10;;").replace(";60;;;", ";;;;"))
    assert said(disagrees) == [(3, "nom", "DISAGREES")]


def test_structures(bench: Bench) -> None:
    header = "identifiant_structure;nom;type;secteur;services"
    report = bench.take("s.csv", csv_of(header, "0B0999009;HOPITAL;Hôpital;SA01;1001:Cardiologie|1002:Urgences"))
    assert (outcomes(report), said(report)) == (["imported"], [])
    (place,) = bench.everyone()["structures"]
    assert (place.struct_idnat.value, place.finess.value, place.kind) == ("10B0999009", "0B0999009", "hospital")
    assert [service.name for service in place.services] == ["Cardiologie", "Urgences"]


# -- identifiers ------------------------------------------------------------------------------------------------------


def test_an_ins_key_refuses_but_for_the_national_samples(bench: Bench) -> None:
    wrong = bench.take("p.csv", csv_of(HEADER, GOOD.replace("171;", "172;"), f"{ADULT};A;B;F;1990-01-01"))
    assert said(wrong) == [(2, "ins", "INS-KEY")]
    assert wrong.rows[0].remarks[0].expected == "…71"
    assert (outcomes(wrong), bench.empty()) == (["refused", "withheld"], True)
    sample = bench.take("p.csv", csv_of(HEADER, "221042545611404;A;B;F;2021-04-01"))
    assert (outcomes(sample), said(sample)) == (["imported"], [(2, "ins", "INS-SAMPLE")])
    assert bench.everyone()["patients"][0].as_received


def test_the_other_keys_warn(bench: Bench) -> None:
    place = bench.take("s.csv", csv_of("identifiant_structure;nom;secteur", "1120456789;HOPITAL;SA01"))
    assert outcomes(place) == ["imported"]
    assert {code for _, _, code in said(place)} == {"KEY"}
    person = bench.take("p.csv", csv_of("rpps;nom", "99700000014;SIMULE"))
    assert (outcomes(person), said(person)) == (["imported"], [(2, "identifiant_ps", "KEY")])
    assert bench.everyone()["professionals"][0].as_received


@pytest.mark.parametrize("cell", ["18501009990017", "985010099900171", "abc", "'=1+1"])
def test_what_is_no_ins_at_all_is_refused(bench: Bench, cell: str) -> None:
    report = bench.take("p.csv", csv_of(HEADER, GOOD.replace(INS, cell)))
    assert said(report) == [(2, "ins", "VALUE")]


def test_who_looks_real_is_told_and_masked(bench: Bench) -> None:
    real = csv_of(HEADER + ";oid_ins", f"{ADULT};A;B;F;1990-01-01;1.2.250.1.213.1.4.8")
    report = bench.take("p.csv", real, dry_run=True)
    assert said(report) == [(2, "", "REAL-IDENTIFIER")]
    assert (outcomes(report), report.rows[0].id, bench.empty()) == (["imported"], f"{ADULT[:4]}*******", True)
    assert ADULT not in str(report.as_json())


# -- refusals of one row ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        (f"{INS};DUPONT;ALIX;M", "", "CELLS"),
        (f"{INS};DUPONT;ALIX;M;1985-01-15;trop", "", "CELLS"),
        (f"{INS};DUPONT;ALIX;X;1985-01-15", "sexe", "VALUE"),
        (f"{INS};DUPONT;ALIX;M;1985-02-30", "date_naissance", "VALUE"),
        (f"{INS};DUPONT;ALIX;M;15/01/85", "date_naissance", "VALUE"),
        (f"{INS};;ALIX;M;1985-01-15", "nom_naissance", "REQUIRED"),
        (";DUPONT;ALIX;M;1985-01-15", "ins", "REQUIRED"),
        (f"{INS};{'X' * 201};ALIX;M;1985-01-15", "nom_naissance", "VALUE"),
        (f"{INS};DU\tPONT;ALIX;M;1985-01-15", "nom_naissance", "VALUE"),
        (f'{INS};"DU\nPONT";ALIX;M;1985-01-15', "nom_naissance", "VALUE"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_imported(bench: Bench, row: str, column: str, code: str) -> None:
    report = bench.take("p.csv", csv_of(HEADER, f"{ADULT};A;B;F;1990-01-01", row))
    assert said(report) == [(3, column, code)]
    assert outcomes(report) == ["withheld", "refused"]
    assert bench.empty()


def test_the_good_rows_alone_when_asked_for(bench: Bench) -> None:
    text = csv_of(HEADER, f"{ADULT};A;B;F;1990-01-01", f"{INS};DUPONT;ALIX;X;1985-01-15")
    assert outcomes(bench.take("p.csv", text, skip_refused=True)) == ["imported", "refused"]
    assert [patient.ins.matricule for patient in bench.everyone()["patients"]] == [ADULT]


def test_a_member_twice_and_a_name_twice(bench: Bench) -> None:
    twice = bench.take("p.csv", csv_of(HEADER, GOOD, GOOD))
    assert said(twice) == [(3, "", "TWICE")]
    name = bench.take("p.csv", csv_of(HEADER + ";reference", GOOD + ";moi", f"{ADULT};A;B;F;1990-01-01;moi"))
    assert said(name) == [(3, "reference", "NAME-TAKEN")]
    assert bench.empty()


# -- refusals of the file ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "row", "column", "code"),
    [
        (b"", 1, "", "EMPTY"),
        (HEADER.encode(), 1, "", "EMPTY"),
        (csv_of(HEADER, GOOD, f'{ADULT};"A;B;F;1990-01-01', *["x;y;z;t;u"] * 200).encode(), 3, "", "QUOTE"),
        (csv_of(HEADER, f'{INS};"DU"PONT;ALIX;M;1985-01-15').encode(), 2, "", "QUOTE"),
        (csv_of(HEADER, f'{INS};"DUPONT;ALIX;M;1985-01-15').encode(), 2, "", "QUOTE"),
        (csv_of(HEADER, GOOD, GOOD.replace("DUPONT", "DU\0PONT")).encode(), 3, "", "NUL"),
        (csv_of(HEADER, GOOD).encode("utf-16"), 1, "", "ENCODING"),
        (csv_of(HEADER, GOOD).encode("utf-16-le"), 1, "", "NUL"),
        (csv_of(HEADER + ";date_naisance", GOOD + ";1985-01-15").encode(), 1, "date_naisance", "UNKNOWN-COLUMN"),
        (csv_of(HEADER + ";nom", GOOD + ";X").encode(), 1, "nom_naissance", "COLUMN-TWICE"),
        (csv_of("a;b;c", "1;2;3").encode(), 1, "", "FAMILY"),
        (b"PK\x03\x04rest", 1, "", "FORMAT"),
        (csv_of(HEADER, "x" * 70_000).encode(), 2, "", "TOO-LARGE"),
        (csv_of(HEADER, ";" * 60_000).encode(), 1, "", "EMPTY"),
        (b"\xff" * 100, 1, "", "ENCODING"),
    ],
)
def test_a_file_that_cannot_be_read(bench: Bench, data: bytes, row: int, column: str, code: str) -> None:
    report = bench.take("p.csv", data)
    assert said(report)[-1] == (row, column, code)
    assert report.refused
    assert bench.empty()


def test_a_required_column_is_named(bench: Bench) -> None:
    report = bench.take("p.csv", csv_of("ins;prenoms;sexe;date_naissance", f"{INS};A;M;1985-01-15"), family="patients")
    assert said(report) == [(1, "nom_naissance", "COLUMN-MISSING")]


def test_nobody_knows_that_encoding_or_family(bench: Bench) -> None:
    for wrong in ({"encoding": "klingon"}, {"family": "martians"}):
        with pytest.raises(ValueError, match=r"klingon|martians"):
            bench.take("p.csv", GOOD, **wrong)  # type: ignore[arg-type]


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(st.binary(max_size=300), st.text(max_size=200).map(lambda t: f"{HEADER}\n{t}".encode("utf-8", "replace")))
)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    file = read_file(Given("p.csv", data), OWN_FAMILIES)
    assert file.rows, "something is said of every file"
