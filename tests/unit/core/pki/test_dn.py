"""DN comparison, rule by rule (facts dmp-messages §2.3)."""

from __future__ import annotations

import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.core.pki import Comparison, DnError, dn_of, format_dn, parse_dn, same_dn
from simulators.core.pki.dn import Dn
from simulators.core.pki.names import organisation_name, person_name

SAME, LOSSY, DIFFERENT = Comparison.SAME, Comparison.SAME_WITH_REPLACEMENT_CHARS, Comparison.DIFFERENT
PLAIN = "CN=SIMULATION CACHET,OU=10B0999009,O=SIMULATION CENTRE FICTIF,ST=Rhône (69),C=FR"


@pytest.mark.parametrize(
    "written",
    [
        "CN=SIMULATION CACHET, OU=10B0999009, O=SIMULATION CENTRE FICTIF, ST=Rhône (69), C=FR",
        "C=FR,ST=Rhône (69),O=SIMULATION CENTRE FICTIF,OU=10B0999009,CN=SIMULATION CACHET",
        "/C=FR/ST=Rhône (69)/O=SIMULATION CENTRE FICTIF/OU=10B0999009/CN=SIMULATION CACHET",
        "/C=FR/ST=Rh\\xC3\\xB4ne (69)/O=SIMULATION CENTRE FICTIF/OU=10B0999009/CN=SIMULATION CACHET",
        "CN=SIMULATION CACHET;OU=10B0999009;O=SIMULATION CENTRE FICTIF;S=Rhône (69);C=FR",
        'cn="SIMULATION CACHET", ou="10B0999009", o="SIMULATION CENTRE FICTIF", st="Rhône (69)", c="FR"',
        "2.5.4.3=SIMULATION CACHET,OID.2.5.4.11=10B0999009,oid.2.5.4.10=SIMULATION CENTRE FICTIF,2.5.4.8=Rhône (69),"
        "C=FR",
        "CN=simulation   cachet,OU=10b0999009,O=Simulation Centre\n Fictif,ST=RHÔNE (69),C=fr",
        "CN=SIMULATION CACHET,OU=10B0999009,O=SIMULATION CENTRE FICTIF,ST=Rh\\C3\\B4ne (69),C=FR",
        "CN=SIMULATION CACHET,OU=10B0999009,O=SIMULATION CENTRE FICTIF,ST=Rho\u0302ne (69),C=FR",
        "CN=#0C1153494D554C4154494F4E20434143484554,OU=10B0999009,O=SIMULATION CENTRE FICTIF,ST=#140A5268F46E6520283639"
        "29,C=#13024652",
    ],
)
def test_the_usual_forms_are_the_same_name(written: str) -> None:
    assert same_dn(written, PLAIN) is SAME


@pytest.mark.parametrize(
    "written",
    [
        "CN=SIMULATION CACHET,OU=10B0999017,O=SIMULATION CENTRE FICTIF,ST=Rhône (69),C=FR",
        "CN=SIMULATION CACHET,OU=10B0999009,O=SIMULATION CENTRE FICTIF,C=FR",
        "CN=SIMULATION CACHET+OU=10B0999009,O=SIMULATION CENTRE FICTIF,ST=Rhône (69),C=FR",
        "CN=SIMULATION CACHET,L=10B0999009,O=SIMULATION CENTRE FICTIF,ST=Rhône (69),C=FR",
        "CN=SIMULATION CACHET,OU=10B099900?,O=SIMULATION CENTRE FICTIF,ST=Rhône (69),C=FR",
        "CN=SIMULATION CACHET,OU=10B0999009,O=SIMULATION CENTRE FICTIF,ST=Rh??ne (69),C=FR",
    ],
)
def test_other_names_are_different(written: str) -> None:
    assert same_dn(written, PLAIN) is DIFFERENT


@pytest.mark.parametrize("char", ["?", "\N{REPLACEMENT CHARACTER}"])
def test_a_lost_character_gets_a_second_chance_in_the_message_only(char: str) -> None:
    damaged = PLAIN.replace("ô", char)
    assert same_dn(damaged, PLAIN) is LOSSY
    assert same_dn(PLAIN, damaged) is DIFFERENT
    assert same_dn(damaged, damaged) is SAME


def test_lost_characters_find_their_partners_whatever_the_order() -> None:
    assert same_dn("OU=?,OU=é,C=FR", "C=FR,OU=é,OU=è") is LOSSY
    assert same_dn("OU=?,OU=?,C=FR", "C=FR,OU=é,OU=è") is LOSSY
    assert same_dn("OU=?,OU=?,C=FR", "C=FR,OU=é,OU=e") is DIFFERENT
    assert same_dn("CN=?+SN=?,C=FR", "C=FR,SN=É+CN=È") is LOSSY


def test_a_card_name_is_one_multi_valued_rdn() -> None:
    actual = dn_of(person_name("899700000013", "FICTIF", "CAMILLE", "Médecin"))
    forms = (
        "CN=899700000013+SN=FICTIF+GN=CAMILLE,T=Médecin,O=SIMULATION SEGUR SANDBOX,C=FR",
        "2.5.4.42=#130743414D494C4C45+2.5.4.4=#1406464943544946+CN=899700000013,2.5.4.12=Médecin,"
        "O=SIMULATION SEGUR SANDBOX,C=FR",
        "GIVENNAME=CAMILLE + SURNAME=FICTIF + CN=899700000013, TITLE=Médecin, O=SIMULATION SEGUR SANDBOX, C=FR",
        "/C=FR/O=SIMULATION SEGUR SANDBOX/title=Médecin/CN=899700000013+SN=FICTIF+GN=CAMILLE",
    )
    for form in forms:
        assert same_dn(form, actual) is SAME, form
    assert same_dn(forms[0].replace("é", "?"), actual) is LOSSY


def test_a_certificates_own_strings_are_the_same_name() -> None:
    name = organisation_name("10B0999009", 'CENTRE "A, B" + <C>; #1 = \\ x')
    assert same_dn(name.rfc4514_string(), dn_of(name)) is SAME
    assert same_dn(format_dn(reversed(dn_of(name))), dn_of(name)) is SAME


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"O=A\, B", "A, B"),
        (r"O=A\+B", "A+B"),
        (r"O=A\\B", "A\\B"),
        (r"O=\#1", "#1"),
        (r"O=\"A\"", '"A"'),
        (r"O=A\2CB", "A,B"),
        (r"O=\C3\A9t\C3\A9", "été"),
        ('O="A, B+C"', "A, B+C"),
        ("O=a=b", "a=b"),
        ("O=A\\ ", "A "),
        ("O=", ""),
        ('O=L"A', 'L"A'),
        ('/O=L"A', 'L"A'),
        ('/O="A"', '"A"'),
        ("/O=A/B", "A/B"),
        ("/O=A+33", "A+33"),
    ],
)
def test_escapes(text: str, value: str) -> None:
    assert parse_dn(text) == (frozenset({("2.5.4.10", value)}),)


@pytest.mark.parametrize(
    ("alias", "oid"),
    [
        ("CN", "2.5.4.3"),
        ("SN", "2.5.4.4"),
        ("SURNAME", "2.5.4.4"),
        ("C", "2.5.4.6"),
        ("L", "2.5.4.7"),
        ("ST", "2.5.4.8"),
        ("S", "2.5.4.8"),
        ("O", "2.5.4.10"),
        ("OU", "2.5.4.11"),
        ("T", "2.5.4.12"),
        ("TITLE", "2.5.4.12"),
        ("GN", "2.5.4.42"),
        ("G", "2.5.4.42"),
        ("GIVENNAME", "2.5.4.42"),
        ("E", "1.2.840.113549.1.9.1"),
        ("EMAILADDRESS", "1.2.840.113549.1.9.1"),
        ("oid.2.5.4.3", "2.5.4.3"),
        ("ODDITY", "ODDITY"),
    ],
)
def test_aliases(alias: str, oid: str) -> None:
    assert parse_dn(f"{alias.lower()}=x") == (frozenset({(oid, "x")}),)


def test_a_long_ber_length_is_read() -> None:
    value = "x" * 200
    assert parse_dn("O=#0c81c8" + value.encode().hex()) == (frozenset({("2.5.4.10", value)}),)
    assert parse_dn("O=#1E0400410042") == (frozenset({("2.5.4.10", "AB")}),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "no equals sign",
        "=x",
        "O=x,",
        "O=#zz",
        "O=#",
        "O=#0C",
        "O=#0C05414243",
        "O=#0C8041",
        "O=#0CFF41",
        "O=#0201FF",
        "O=#0C02FFFF",
        'O="open',
        "O=x\\",
        'O="a" b',
        "1.=x",
        "O=x," * 2000,
        ",".join(f"OU={n}" for n in range(80)),
    ],
)
def test_what_is_no_name_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(DnError):
        parse_dn(text)


TYPES = st.sampled_from(["2.5.4.3", "2.5.4.4", "2.5.4.10", "2.5.4.11", "2.5.4.12", "1.2.250.1.999.9"])
VALUES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).map(str.strip).filter(bool)
RDNS = st.frozensets(st.tuples(TYPES, VALUES), min_size=1, max_size=3)
DNS = st.lists(RDNS, min_size=1, max_size=5).map(tuple)


@given(DNS)
def test_what_we_write_we_read_back(dn: Dn) -> None:
    assert parse_dn(format_dn(dn)) == dn


@given(DNS, st.randoms(use_true_random=False), st.sampled_from([",", ", ", ";", " ; "]))
def test_order_case_and_separators_do_not_matter(dn: Dn, shuffle: random.Random, separator: str) -> None:
    rdns = list(dn)
    shuffle.shuffle(rdns)
    parts = []
    for rdn in rdns:
        avas = [format_dn([frozenset({ava})]) for ava in rdn]
        shuffle.shuffle(avas)
        parts.append(" + ".join(avas))
    assert same_dn(separator.join(parts), dn) is SAME


@given(DNS)
def test_hex_values_are_the_same_as_text(dn: Dn) -> None:
    def ber(value: str) -> str:
        data = value.encode()
        return "#" + (bytes([0x0C, len(data)]) + data).hex()

    written = ",".join("+".join(f"{oid}={ber(value)}" for oid, value in rdn) for rdn in dn)
    assert parse_dn(written) == dn


@given(DNS)
def test_losing_every_accent_is_a_warning_at_most(dn: Dn) -> None:
    lost = tuple(
        frozenset((oid, "".join(c if c.isascii() else "?" for c in value)) for oid, value in rdn) for rdn in dn
    )
    verdict = same_dn(lost, dn)
    if all(value.isascii() for rdn in dn for _, value in rdn):
        assert verdict is SAME
    elif all(len({t for t, _ in rdn}) == len(rdn) for rdn in dn) and _composed(dn):
        assert verdict in (LOSSY, SAME)


def _composed(dn: Dn) -> bool:
    """Values that tidying leaves as they are, so that lost characters still stand at their places."""
    return len(set(dn)) == len(dn) and all(
        " ".join(unicodedata.normalize("NFC", value).split()) == value for rdn in dn for _, value in rdn
    )


@given(DNS, DNS)
def test_comparison_is_symmetric_without_lost_characters(left: Dn, right: Dn) -> None:
    assert (same_dn(left, right) is SAME) is (same_dn(right, left) is SAME)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parsed = parse_dn(text)
    except DnError:
        return
    assert parsed and same_dn(text, parsed) is SAME
