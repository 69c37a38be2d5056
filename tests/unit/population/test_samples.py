from __future__ import annotations

import pytest

from simulators.population import identifiers
from simulators.population.identifiers import (
    INS_NIR_OID,
    INS_TEST_OID,
    KNOWN_NATIONAL_SAMPLES,
    Finess,
    Ins,
    KnownSample,
    PsIdNat,
    Rpps,
    Siren,
    Siret,
    StructIdNat,
    Validity,
    is_fictitious,
    known_sample,
)


@pytest.mark.parametrize("sample", KNOWN_NATIONAL_SAMPLES, ids=lambda sample: f"{sample.kind}-{sample.value}")
def test_each_sample_says_truly_whether_its_key_is_wrong(sample: KnownSample) -> None:
    validity: Validity = getattr(identifiers, f"is_valid_{sample.kind}")(sample.value)
    assert validity.only_key_wrong == sample.key_wrong
    assert bool(validity) != sample.key_wrong
    assert known_sample(sample.kind, sample.value) is sample
    assert sample.source


def test_samples_are_listed_once() -> None:
    assert len({(sample.kind, sample.value) for sample in KNOWN_NATIONAL_SAMPLES}) == len(KNOWN_NATIONAL_SAMPLES)


def test_the_four_ins_that_the_wire_tolerates_are_listed() -> None:
    for matricule in ("221042545611404", "223042545611404", "222127505611201", "224027511583555"):
        sample = known_sample("ins", matricule)
        assert sample is not None
        assert sample.key_wrong


@pytest.mark.parametrize(
    ("identifier", "fictitious"),
    [
        (Ins("185010099900171", INS_TEST_OID), True),
        (Ins("185010099900171", INS_NIR_OID), False),
        (Ins("279035121518989", INS_NIR_OID), True),
        (Rpps("99700000013"), True),
        (Rpps("99900063480"), True),
        (Rpps("00000000018"), False),
        (Finess("0B0999009"), True),
        (Finess.as_received("1B0064166"), True),
        # 2B is Corsica: the letter alone does not make a FINESS fictitious.
        (Finess("2B0000996"), False),
        (Finess("000000018"), False),
        (Siren("000009993"), True),
        (Siret.of_payload("0000099930001"), True),
        (PsIdNat("899700000013"), True),
        (PsIdNat("800000000018"), False),
        (PsIdNat("30B0999009/SIM001"), True),
        (PsIdNat("00B6087510"), False),
        (StructIdNat("10B0999009"), True),
        (StructIdNat("499700000021001"), True),
        (StructIdNat("R83714"), False),
    ],
    ids=str,
)
def test_what_belongs_to_nobody(identifier: Rpps, fictitious: bool) -> None:
    assert is_fictitious(identifier) is fictitious
