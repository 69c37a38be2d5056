from __future__ import annotations

import os
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.population.guard import mask, masked_text, may_hold, real_identifiers

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "samples"

# Department 00 belongs to nobody, but under a production authority the guard cannot know that it is a test.
INS = "185010099900171"
PRODUCTION, WAITING, TEST = "1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.9", "1.2.250.1.213.1.4.10"
# RPPS numbers never begin with 0.
RPPS = "00000000018"


def found(text: str) -> list[tuple[str, str]]:
    return [(one.kind, one.value) for one in real_identifiers(text)]


@pytest.mark.parametrize(
    "text",
    [
        f"{INS}^^^&{PRODUCTION}&ISO^NH",
        f"{INS}^^^&amp;{WAITING}&amp;ISO^NH",
        f"PID|||{INS}^^^ASIP-SANTE-INS-NIR&{PRODUCTION}&ISO^INS~12^^^X&1.2.3&ISO^PI||FICTIF^ALIX",
        f'<id root="{TEST}" extension="185010099900171"/><id root="{PRODUCTION}" extension="{INS}"/>',
        f'<id extension="{INS}" root="{PRODUCTION}"/><id extension="1" root="{TEST}"/>',
        f'{{"identifier": {{"system": "urn:oid:{PRODUCTION}", "value": "{INS}"}}}}',
        f"<NumIdentifiant>{INS}</NumIdentifiant><OID>{PRODUCTION}</OID>",
    ],
)
def test_an_ins_under_a_production_authority_is_found(text: str) -> None:
    assert ("ins", INS) in found(text)
    assert len(found(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        INS,
        f"{INS}^^^&{TEST}&ISO^NH",
        f"{INS}^^^&1.2.3&ISO^PI and elsewhere {PRODUCTION}",
        f"185010099900172^^^&{PRODUCTION}&ISO^NH",
        f"1{INS}^^^&{PRODUCTION}&ISO^NH",
        f"{INS}^^^&{PRODUCTION}.1&ISO^NH",
        f"{INS}^^^&{PRODUCTION}0&ISO^NH",
        f"279035121518989^^^&{PRODUCTION}&ISO^NH",
        f'<id root="{TEST}" extension="{INS}"/><id root="{PRODUCTION}" extension="x"/>',
        f"{INS}{' ' * 1000}{PRODUCTION}",
    ],
)
def test_what_belongs_to_nobody_or_is_no_ins_is_not(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (f"8{RPPS}^FICTIF^ALIX^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS", f"8{RPPS}"),
        (f"PRT||UC||AUT|{RPPS}^FICTIF^ALIX^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^RPPS|", RPPS),
        (f'<id root="1.2.250.1.71.4.2.1" extension="8{RPPS}"/>', f"8{RPPS}"),
        (f"<saml2:NameID>8{RPPS}</saml2:NameID>", f"8{RPPS}"),
        (f'<NameID Format="x">\n 8{RPPS}</NameID>', f"8{RPPS}"),
        (f'{{"SubjectNameID":"8{RPPS}"}}', f"8{RPPS}"),
        (f"CN=8{RPPS}+SN=FICTIF", f"8{RPPS}"),
    ],
)
def test_an_rpps_outside_the_test_range_is_found(text: str, value: str) -> None:
    assert found(text) == [("rpps", value)]


@pytest.mark.parametrize(
    "text",
    [
        f"8{RPPS}",
        f"{RPPS}^^^&1.2.3&ISO^PI|x^^^&1.2.250.1.71.4.2.1&ISO",
        f"<NameID>{RPPS}</NameID>",
        "<NameID>800000000019</NameID>",
        "<NameID>899700000013</NameID>",
        "899900063480^X^Y^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS",
        f"80{RPPS}^X^Y^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS",
    ],
)
def test_test_numbers_and_other_numbers_are_not(text: str) -> None:
    assert found(text) == []


def test_masking_shows_four_characters_and_touches_nothing_else() -> None:
    assert mask(INS) == "1850*******"
    text = f"a {INS}^^^&{PRODUCTION}&ISO^NH b <NameID>8{RPPS}</NameID> c {INS}^^^&{TEST}&ISO^NH"
    assert masked_text(text) == (
        f"a 1850*******^^^&{PRODUCTION}&ISO^NH b <NameID>8000*******</NameID> c {INS}^^^&{TEST}&ISO^NH"
    )
    one = real_identifiers(text)[0]
    assert one.masked == "1850*******"
    assert text[one.start : one.end] == one.value
    assert INS not in repr(one)


@given(
    st.lists(
        st.sampled_from(
            [INS, f"8{RPPS}", "^^^&", PRODUCTION, TEST, "&ISO^NH", "<", ">", "\n", " ", "^1.2.250.1.71.4.2.1"]
        )
    ).map("".join)
)
def test_every_occurrence_lies_where_it_says_and_masking_hides_them_all(text: str) -> None:
    occurrences = real_identifiers(text)
    assert all(text[one.start : one.end] == one.value for one in occurrences)
    assert all(before.end <= after.start for before, after in pairwise(occurrences))
    assert len(masked_text(text)) == len(text) + sum(11 - len(one.value) for one in occurrences)


def test_a_long_hostile_text_is_read_in_one_go() -> None:
    text = f"{INS} " * 20_000 + f"8{RPPS}^" * 20_000 + PRODUCTION
    assert len(real_identifiers(text)) <= 20


def test_it_finds_no_ins_in_the_published_archives() -> None:
    if not SAMPLES.is_dir():
        if os.environ.get("SEGUR_REQUIRE_SHARED") == "1":
            pytest.fail("the folder shared/samples is required beside the checkout")
        pytest.skip("no folder shared/samples beside the checkout to read")
    for archive in (SAMPLES / "xdm").glob("*.zip"):
        with zipfile.ZipFile(archive) as content:
            for name in content.namelist():
                occurrences = real_identifiers(content.read(name).decode("utf-8", "replace"))
                assert [one for one in occurrences if one.kind == "ins"] == [], (archive.name, name)


@pytest.mark.parametrize(
    "text", [f"{INS}^^^&{PRODUCTION}&ISO", f"{RPPS}^^^^^^^^&{PRODUCTION}", "279032A51518989", RPPS]
)
@given(around=st.text(max_size=20))
def test_the_quick_look_misses_nothing(text: str, around: str) -> None:
    assert may_hold(f"{around} {text} {around}".encode())
    assert not may_hold(around.encode()) or sum(sign in "0123456789AB" for sign in around) >= 11
