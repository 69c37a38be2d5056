"""The national identifiers in one place; each kind lives in a module of its own."""

from __future__ import annotations

from simulators.population.idnat import (
    PS_IDNAT_OID,
    STRUCT_IDNAT_OID,
    PsIdNat,
    StructIdNat,
    is_valid_ps_idnat,
    is_valid_struct_idnat,
)
from simulators.population.ins import (
    INS_NIA_OID,
    INS_NIR_OID,
    INS_OIDS,
    INS_PRODUCTION_OIDS,
    INS_TEST_OID,
    Ins,
    is_valid_ins,
    split_ins_cx,
)
from simulators.population.keys import ins_key, luhn_digit
from simulators.population.national import (
    Finess,
    Rpps,
    Siren,
    Siret,
    is_valid_finess,
    is_valid_rpps,
    is_valid_siren,
    is_valid_siret,
)
from simulators.population.oid import Oid, is_valid_oid
from simulators.population.samples import KNOWN_NATIONAL_SAMPLES, KnownSample, is_fictitious, known_sample
from simulators.population.single_value import Identifier
from simulators.population.validity import InvalidIdentifier, Reason, Validity

__all__ = [
    "INS_NIA_OID",
    "INS_NIR_OID",
    "INS_OIDS",
    "INS_PRODUCTION_OIDS",
    "INS_TEST_OID",
    "KNOWN_NATIONAL_SAMPLES",
    "PS_IDNAT_OID",
    "STRUCT_IDNAT_OID",
    "Finess",
    "Identifier",
    "Ins",
    "InvalidIdentifier",
    "KnownSample",
    "Oid",
    "PsIdNat",
    "Reason",
    "Rpps",
    "Siren",
    "Siret",
    "StructIdNat",
    "Validity",
    "ins_key",
    "is_fictitious",
    "is_valid_finess",
    "is_valid_ins",
    "is_valid_oid",
    "is_valid_ps_idnat",
    "is_valid_rpps",
    "is_valid_siren",
    "is_valid_siret",
    "is_valid_struct_idnat",
    "known_sample",
    "luhn_digit",
    "split_ins_cx",
]
