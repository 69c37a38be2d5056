"""Mending cases of rights, TD0.2 and TD0.3."""

from __future__ import annotations

from functools import partial

from simulators.core.rules import Level, Policy, Rule
from simulators.dmp import vihf as names
from simulators.dmp.rules import rights, td0
from simulators.dmp.rules.making import BODY, STATEMENT
from tests.support.dmp_messages import OTHER_INS, td02, td03
from tests.support.mending import Breaker, Case, change, insert, remove

QUERY = f"{BODY}/hl7:PRPA_IN201307UV02"
BY = f"{QUERY}/hl7:controlActProcess/hl7:queryByParameter"
VALUE = f"{BY}/hl7:parameterList/hl7:patientIdentifier/hl7:value"
SET = f"{BODY}/hab:setAuthorization"
PURPOSE = f"{STATEMENT}/saml2:Attribute[@Name='{names.PURPOSE}']/saml2:AttributeValue/hl7:PurposeOfUse"
MOTIVE = '<motif xmlns="urn:si-dmp-habilitations">urgence</motif>'
ANY_PATIENT = Policy(overrides={rights.RESOURCE_BODY.id: Level.OFF})


def asked(rule: Rule, breaker: Breaker, policy: Policy | None = None) -> Case:
    return Case(rule, td02, breaker, policy or Policy())


def setting(rule: Rule, breaker: Breaker, role: str = "") -> Case:
    return Case(rule, partial(td03, "AJOUT", role), breaker, options={"operation": "TD0.3"})


CASES = [
    setting(rights.MATRIX, change(f"{PURPOSE}/@code", "bris_de_glace")),
    asked(rights.RESOURCE_BODY, change(f"{VALUE}/@extension", OTHER_INS)),
    asked(td0.TD02_MISSING, remove(f"{BY}/hl7:queryId")),
    asked(td0.TD02_INTERACTION, change(f"{QUERY}/hl7:interactionId/@extension", "PRPA_IN201305UV02")),
    asked(td0.TD02_REASON, change(f"{QUERY}/hl7:controlActProcess/hl7:reasonCode/@code", "CREA_RD")),
    asked(td0.TD02_INS_FORM, change(f"{VALUE}/@extension", "1850100999001")),
    asked(td0.TD02_INS_OID, change(f"{VALUE}/@root", "1.2.250.1.213.1.4.2")),
    asked(td0.TD02_INS_KEY, change(f"{VALUE}/@extension", "185010099900172")),
    asked(td0.TD02_INS_SAMPLE, change(f"{VALUE}/@extension", "221042545611404"), ANY_PATIENT),
    setting(td0.TD03_SHAPE, insert(SET, -1, MOTIVE)),
    setting(td0.TD03_ACTION, change(f"{SET}/hab:action", "RENOUVELLEMENT")),
    setting(td0.TD03_ROLE, change(f"{SET}/hab:role", "MEDECIN"), "MEDECIN_TRAITANT"),
]
