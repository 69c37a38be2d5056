"""Mending cases of the token around and in its content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simulators.core.rules import Level, Policy, Rule
from simulators.dmp import vihf as names
from simulators.dmp.rules import identity, token, vihf
from simulators.dmp.rules.making import ASSERTION, STATEMENT, simple
from tests.support.dmp_messages import (
    AIR,
    DIRECT,
    INDIRECT,
    ISSUER,
    VihfPlan,
    conditions,
    td02,
    td03,
)
from tests.support.mending import Breaker, Case, change, insert, remove

ROLES = f"{STATEMENT}/saml2:Attribute[@Name='{names.ROLE}']"
PURPOSE = f"{STATEMENT}/saml2:Attribute[@Name='{names.PURPOSE}']/saml2:AttributeValue/hl7:PurposeOfUse"
CONTEXT = f"{ASSERTION}/saml2:AuthnStatement/saml2:AuthnContext"
NAME_ID = f"{ASSERTION}/saml2:Subject/saml2:NameID"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
AUDIENCE = f'<AudienceRestriction xmlns="{SAML}"><Audience>urn:dmp</Audience></AudienceRestriction>'
TWICE = f'<Attribute xmlns="{SAML}" Name="Secteur_Activite"><AttributeValue>SA01</AttributeValue></Attribute>'
DECLARATION = f'<AuthnContextDecl xmlns="{SAML}">APP_BROWSER_AUTH</AuthnContextDecl>'
ANY = AIR.but(issuer=ISSUER.replace("10B0999009", "SIM-ANY"))
UNLINKED = Policy(overrides={identity.NOT_LINKED.id: Level.OFF})


def case(
    rule: Rule,
    breaker: Breaker,
    plan: VihfPlan = AIR,
    *,
    message: Callable[[VihfPlan], bytes] | None = None,
    policy: Policy | None = None,
    options: Mapping[str, Any] | None = None,
) -> Case:
    made = message or td02
    return Case(rule, lambda: made(plan), breaker, policy or Policy(), options=options or {})


def until(**attributes: str) -> VihfPlan:
    return AIR.but(conditions=conditions(**attributes))


CASES = [
    case(token.ISSUER, change(f"{ASSERTION}/saml2:Issuer", "CN=UN AUTRE,C=FR")),
    case(
        token.ISSUER_FORMAT,
        change(f"{ASSERTION}/saml2:Issuer/@Format", "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"),
    ),
    case(token.INSTANT, change(f"{ASSERTION}/@IssueInstant", "05/01/2026 08:30")),
    case(token.AGE, change(f"{ASSERTION}/@IssueInstant", "2026-01-04T08:30:00.000Z")),
    case(
        token.EXPIRED,
        change(f"{ASSERTION}/saml2:Conditions/@NotOnOrAfter", "2026-01-05T08:00:00.000Z"),
        until(NotOnOrAfter="2026-01-05T10:00:00.000Z"),
    ),
    case(
        token.NOT_YET,
        change(f"{ASSERTION}/saml2:Conditions/@NotBefore", "2026-01-05T12:00:00.000Z"),
        until(NotBefore="2026-01-05T08:00:00.000Z"),
    ),
    case(token.AUDIENCE, insert(f"{ASSERTION}/saml2:Conditions", -1, AUDIENCE), until()),
    case(token.SAML_VERSION, change(f"{ASSERTION}/@Version", "1.1")),
    case(identity.STRUCTURE_FORM, change(simple(names.STRUCTURE), "0B0999009")),
    case(identity.STRUCTURE_KEY, change(simple(names.STRUCTURE), "10B0999008"), ANY, options={"holder": "SIM-ANY"}),
    case(identity.STRUCTURE_CERTIFICATE, change(simple(names.STRUCTURE), "10B0999025")),
    case(identity.SECTOR, change(simple(names.SECTOR), "SA99^1.2.250.1.71.4.2.4")),
    case(identity.SECTOR_SCHEME, change(simple(names.SECTOR), "SA01^1.2.250.1.71.4.2.5")),
    case(identity.ROLE, change(f"{ROLES}/saml2:AttributeValue[1]/hl7:Role/@code", "11")),
    case(identity.SPECIALITY, remove(f"{ROLES}/saml2:AttributeValue[2]")),
    case(identity.SPECIALITY_CODE, change(f"{ROLES}/saml2:AttributeValue[2]/hl7:Role/@code", "SM99")),
    case(identity.NAME_FORM, change(NAME_ID, "99700000013")),
    case(identity.NAME_KEY, change(NAME_ID, "899700000014")),
    case(
        identity.NAME_CERTIFICATE,
        change(NAME_ID, "899700000021"),
        DIRECT,
        policy=UNLINKED,
        options={"holder": "899700000013"},
    ),
    case(vihf.MISSING, remove(f"{STATEMENT}/saml2:Attribute[@Name='{names.SECTOR}']")),
    case(vihf.REPEATED, insert(STATEMENT, -1, TWICE)),
    case(vihf.TOO_LONG, change(NAME_ID, "8" * 300)),
    case(vihf.VERSION, change(simple(names.VERSION), "2.0")),
    case(vihf.MODE, change(simple(names.MODE), "RENFORCEE")),
    case(vihf.MODE_TLS, change(simple(names.MODE), "DIRECTE"), INDIRECT),
    case(vihf.DECLARATION, remove(f"{CONTEXT}/saml2:AuthnContextDecl")),
    case(vihf.DECLARATION_OUT, insert(CONTEXT, -1, DECLARATION), INDIRECT),
    case(vihf.CONTEXT_CLASS, change(f"{CONTEXT}/saml2:AuthnContextClassRef", "TLSClient")),
    case(vihf.PURPOSE, change(f"{PURPOSE}/@code", "urgence")),
    case(vihf.URN, change(simple(names.RESOURCE_URN), "urn:autre")),
    case(vihf.RESOURCE, change(simple(names.RESOURCE_ID), "185010099900171")),
    case(vihf.RESOURCE_OID, change(simple(names.RESOURCE_ID), "185010099900171^^^&1.2.250.1.213.1.4.2&ISO^NH")),
    case(vihf.RESOURCE_KEY, change(simple(names.RESOURCE_ID), "185010099900172^^^&1.2.250.1.213.1.4.10&ISO^NH")),
    case(
        vihf.RESOURCE_SAMPLE,
        change(simple(names.RESOURCE_ID), "221042545611404^^^&1.2.250.1.213.1.4.10&ISO^NH"),
        message=lambda plan: td03(plan=plan),
        options={"operation": "TD0.3"},
    ),
    case(
        vihf.CONFIDENTIALITY,
        change(simple(names.CONFIDENTIALITY), "SECRET"),
        AIR.but(confidentiality="INVISIBLE_REPRESENTANTS_LEGAUX"),
    ),
    case(vihf.LPS_VERSION, remove(f"{STATEMENT}/saml2:Attribute[@Name='{names.LPS_VERSION}']")),
]
