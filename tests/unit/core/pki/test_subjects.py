"""Which structure a vendor's certificate belongs to: by the attributes of its subject, however they are typed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.core.pki import DnError, IssuedCertificate, Pki, Subject, identified, read_certificate
from simulators.core.pki.dn import parse_dn
from simulators.core.pki.subjects import assigned

CENTRE = parse_dn("C=FR, O=EDITEUR, OU=Essais, CN=Poste 12")


@pytest.mark.parametrize(
    "written",
    [
        "CN=Poste 12",
        "cn=POSTE  12",
        "CN=Poste 12,OU=Essais",
        "/C=FR/O=EDITEUR/OU=Essais/CN=Poste 12",
        "CN=Poste 12, OU=Essais, O=EDITEUR, C=FR",
        "2.5.4.3=Poste 12",
    ],
)
def test_a_subject_is_recognised_whole_or_in_part(written: str) -> None:
    assert assigned(CENTRE, [Subject.of(written, "10B0999009")]) == "10B0999009"


@pytest.mark.parametrize("written", ["CN=Poste 1", "CN=Poste 12,OU=Autre", "OU=Poste 12", "CN=Poste 12,L=Paris"])
def test_another_subject_is_not(written: str) -> None:
    assert assigned(CENTRE, [Subject.of(written, "10B0999009")]) == ""


def test_the_most_telling_row_wins_then_the_first() -> None:
    rows = [Subject.of("O=EDITEUR", "1"), Subject.of("CN=Poste 12,O=EDITEUR", "2"), Subject.of("CN=Poste 12", "3")]
    assert assigned(CENTRE, rows) == "2"
    assert assigned(CENTRE, [rows[2], rows[0]]) == "3"
    assert assigned(CENTRE, [rows[0], rows[2]]) == "1"


def test_what_is_no_name_is_refused() -> None:
    with pytest.raises(DnError):
        Subject.of("POSTE-12", "10B0999009")


def test_the_map_outranks_the_certificate_and_says_so(pki: Pki, auth_cli: IssuedCertificate) -> None:
    facts = read_certificate(auth_cli.der())
    mapped = identified(facts, [Subject.of("C=FR", "10B0999025")])
    assert (facts.struct_idnat, facts.assigned) == ("10B0999009", "")
    assert (mapped.struct_idnat, mapped.assigned) == ("10B0999025", "10B0999025")
    assert replace(mapped, assigned="") == identified(facts, [])


@given(st.lists(st.tuples(st.sampled_from(["CN", "OU", "O"]), st.text("ab", min_size=1, max_size=2)), max_size=4))
def test_a_row_matches_exactly_when_all_it_says_is_there(held: list[tuple[str, str]]) -> None:
    wanted = Subject.of("CN=a,O=b", "x")
    subject = tuple(rdn for kind, value in held for rdn in parse_dn(f"{kind}={value}"))
    assert bool(assigned(subject, [wanted])) == ({("CN", "a"), ("O", "b")} <= set(held))
