"""The attributes of the VIHF that say how and on whom: presence, mode, context, purpose, resource, software."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulators.core.rules import Example, Finding, Level
from simulators.dmp import vihf as names
from simulators.dmp.certificate import holder_of
from simulators.dmp.presented import Presented
from simulators.dmp.rules.making import (
    ASSERTION,
    BAD_CERTIFICATE,
    BAD_TOKEN,
    INFERRED,
    OURS,
    SAMPLES,
    SOURCED,
    STATEMENT,
    TOKEN_FAILED,
    VIHF_MAPPING,
    rule,
    simple,
)
from simulators.population.codes import code_list
from simulators.population.identifiers import INS_OIDS, InvalidIdentifier, is_valid_ins, known_sample, split_ins_cx

MODES: Final = (names.DIRECT, names.INDIRECT, names.AIR)
_CLASSES: Final = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
_DECLARATIONS: Final = ("APP_BROWSER_AUTH", "CONF_EXI_PGSSIS")
_CX: Final = "<INS>^^^&<OID>&ISO^NH"
_CONTEXT: Final = f"{ASSERTION}/saml2:AuthnStatement/saml2:AuthnContext"
_PURPOSE_AT: Final = f"{STATEMENT}/saml2:Attribute[@Name='{names.PURPOSE}']/saml2:AttributeValue/hl7:PurposeOfUse"
_MANDATORY: Final = (
    *("Issuer", "NameID", "AuthnContextClassRef", names.VERSION, names.STRUCTURE, names.SECTOR, names.ROLE),
    *(names.MODE, names.RESOURCE_ID, names.RESOURCE_URN, names.PURPOSE, names.LPS_NAME, names.LPS_HOMOLOGATION),
)

MISSING = rule(
    "VIHF-MISSING",
    "mandatory elements and attributes of the VIHF",
    "un élément obligatoire du VIHF est absent ou vide",
    "a mandatory element of the VIHF is missing or empty",
    "renseignez-le ; la liste obligatoire dépend du mode d'authentification",
    "fill it in; the mandatory list depends on the authentication mode",
    source=VIHF_MAPPING,
    grade=SOURCED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    example=Example(f"{STATEMENT}/saml2:Attribute[@Name='{names.SECTOR}']", "", names.SECTOR),
)
REPEATED = rule(
    "VIHF-REPEATED",
    "names of the SAML attributes",
    "un élément du VIHF est présent deux fois",
    "an element of the VIHF is there twice",
    "un seul Attribute par nom, une seule AttributeValue (sauf les rôles)",
    "one Attribute for each name, one AttributeValue (roles excepted)",
    source=SAMPLES,
    grade=INFERRED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    example=Example(f"{STATEMENT}/saml2:Attribute[14]", names.SECTOR, "once"),
)
TOO_LONG = rule(
    "VIHF-TOO-LONG",
    "length of the values of the VIHF",
    "une valeur du VIHF est démesurée",
    "a value of the VIHF is out of all proportion",
    "écrivez un identifiant, pas un document",
    "write an identifier, not a document",
    source=OURS,
    grade=INFERRED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    switchable=False,
    example=Example(f"{ASSERTION}/saml2:Subject/saml2:NameID", "300 characters", "at most 128 characters"),
)
VERSION = rule(
    "VIHF-VERSION",
    "VIHF_Version",
    "la version de VIHF n'est ni 3.0 ni 4.0",
    "the VIHF version is neither 3.0 nor 4.0",
    "VIHF_Version = 3.0 (ou 4.0)",
    "VIHF_Version = 3.0 (or 4.0)",
    source=f"{SAMPLES} (3.0); {VIHF_MAPPING} (4.0)",
    grade=SOURCED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    example=Example(simple(names.VERSION), "2.0", "3.0 or 4.0"),
)
MODE = rule(
    "VIHF-MODE",
    "Authentification_mode",
    "le mode d'authentification n'est pas DIRECTE, INDIRECTE ou INDIRECTE_RENFORCEE",
    "the authentication mode is not DIRECTE, INDIRECTE or INDIRECTE_RENFORCEE",
    "INDIRECTE pour l'alimentation, INDIRECTE_RENFORCEE (AIR) pour la consultation, DIRECTE avec une carte CPx",
    "INDIRECTE to feed, INDIRECTE_RENFORCEE (AIR) to consult, DIRECTE with a CPx card",
    source=SAMPLES,
    grade=SOURCED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    example=Example(simple(names.MODE), "RENFORCEE", "DIRECTE, INDIRECTE, INDIRECTE_RENFORCEE"),
)
MODE_TLS = rule(
    "VIHF-MODE-TLS",
    "Authentification_mode and the client certificate",
    "le mode d'authentification ne va pas avec le certificat de connexion",
    "the authentication mode does not go with the connection's certificate",
    "DIRECTE : certificat d'une carte CPx ; INDIRECTE et INDIRECTE_RENFORCEE : certificat d'organisation",
    "DIRECTE: certificate of a CPx card; INDIRECTE and INDIRECTE_RENFORCEE: certificate of an organisation",
    source=SAMPLES,
    grade=SOURCED,
    code=BAD_CERTIFICATE,
    national=TOKEN_FAILED,
    needs=("VIHF-MODE",),
    example=Example(simple(names.MODE), "DIRECTE", "INDIRECTE or INDIRECTE_RENFORCEE"),
)
DECLARATION = rule(
    "VIHF-CONTEXT-DECL",
    "saml2:AuthnContextDecl",
    "AuthnContextDecl est absent ou inconnu, alors que le mode est INDIRECTE_RENFORCEE",
    "AuthnContextDecl is missing or unknown although the mode is INDIRECTE_RENFORCEE",
    "APP_BROWSER_AUTH, ou CONF_EXI_PGSSIS en AIR simplifié",
    "APP_BROWSER_AUTH, or CONF_EXI_PGSSIS in simplified AIR",
    source=f"{SAMPLES}; EX_AIR-050 (second hand)",
    grade=INFERRED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    needs=("VIHF-MODE",),
    example=Example(f"{_CONTEXT}/saml2:AuthnContextDecl", "", "APP_BROWSER_AUTH or CONF_EXI_PGSSIS"),
)
DECLARATION_OUT = rule(
    "VIHF-CONTEXT-DECL-OUT",
    "saml2:AuthnContextDecl outside AIR",
    "AuthnContextDecl n'a de sens qu'en mode INDIRECTE_RENFORCEE",
    "AuthnContextDecl only has a meaning in mode INDIRECTE_RENFORCEE",
    "retirez AuthnContextDecl, ou passez en INDIRECTE_RENFORCEE",
    "remove AuthnContextDecl, or switch to INDIRECTE_RENFORCEE",
    source=SAMPLES,
    grade=INFERRED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    level=Level.WARN,
    needs=("VIHF-MODE",),
    example=Example(f"{_CONTEXT}/saml2:AuthnContextDecl", "APP_BROWSER_AUTH", "absent"),
)
CONTEXT_CLASS = rule(
    "VIHF-CONTEXT-CLASS",
    "saml2:AuthnContextClassRef",
    "la classe de contexte d'authentification n'est pas une classe SAML 2.0",
    "the authentication context class is no SAML 2.0 class",
    f"une classe {_CLASSES}…, par exemple TLSClient ou SmartcardPKI",
    f"a class {_CLASSES}..., for example TLSClient or SmartcardPKI",
    source=SAMPLES,
    grade=SOURCED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example(f"{_CONTEXT}/saml2:AuthnContextClassRef", "TLSClient", f"{_CLASSES}..."),
)
PURPOSE = rule(
    "VIHF-PURPOSE",
    "PurposeOfUse",
    "le mode d'accès (PurposeOfUse) n'est pas dans la nomenclature TRE_R248",
    "the access mode (PurposeOfUse) is not in terminology TRE_R248",
    "normal, bris_de_glace ou centre_15, système 1.2.250.1.213.1.1.4.248",
    "normal, bris_de_glace or centre_15, system 1.2.250.1.213.1.1.4.248",
    source="ANS, TRE_R248-ModeAcces",
    grade=SOURCED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    example=Example(f"{_PURPOSE_AT}/@code", "urgence^1.2.250.1.213.1.1.4.248", "a code of TRE_R248"),
)
URN = rule(
    "VIHF-URN",
    "Ressource_URN",
    "la ressource visée n'est pas urn:dmp",
    "the resource aimed at is not urn:dmp",
    "Ressource_URN = urn:dmp",
    "Ressource_URN = urn:dmp",
    source=SAMPLES,
    grade=SOURCED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    example=Example(simple(names.RESOURCE_URN), "urn:autre", "urn:dmp"),
)
RESOURCE = rule(
    "VIHF-RESOURCE",
    "resource-id",
    f"l'identifiant du patient n'a pas la forme {_CX} d'un INS",
    f"the patient identifier does not have the form {_CX} of an INS",
    "INS de 15 caractères (clé comprise), ^^^&, OID de l'autorité, &ISO^NH",
    "INS of 15 characters (key included), ^^^&, OID of the authority, &ISO^NH",
    source=SAMPLES,
    grade=SOURCED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    example=Example(simple(names.RESOURCE_ID), "185010099900171", _CX),
)
RESOURCE_OID = rule(
    "VIHF-RESOURCE-OID",
    "authority of the resource-id",
    "l'autorité d'affectation de l'identifiant du patient n'est pas celle d'un INS",
    "the assigning authority of the patient identifier is not that of an INS",
    "1.2.250.1.213.1.4.10 (test), .8 (NIR) ou .9 (NIA)",
    "1.2.250.1.213.1.4.10 (test), .8 (NIR) or .9 (NIA)",
    source=SAMPLES,
    grade=SOURCED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    needs=("VIHF-RESOURCE",),
    example=Example(simple(names.RESOURCE_ID), "185010099900171^^^&1.2.250.1.213.1.4.2&ISO^NH", " or ".join(INS_OIDS)),
)
RESOURCE_KEY = rule(
    "VIHF-RESOURCE-KEY",
    "INS key of the resource-id",
    "la clé de l'INS est fausse",
    "the INS key is wrong",
    "les deux derniers chiffres sont 97 moins le reste des 13 premiers par 97",
    "the last two digits are 97 minus the remainder of the first 13 by 97",
    source="INS key; every operator sample passes",
    grade=INFERRED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    needs=("VIHF-RESOURCE",),
    example=Example(simple(names.RESOURCE_ID), "185010099900172^^^&1.2.250.1.213.1.4.10&ISO^NH", "71"),
)
RESOURCE_SAMPLE = rule(
    "VIHF-RESOURCE-SAMPLE",
    "INS key of the resource-id",
    "la clé de l'INS est fausse, mais c'est un exemple national publié",
    "the INS key is wrong, but it is a published national sample",
    "rien à corriger pour un essai ; en production cet INS serait refusé",
    "nothing to mend in a trial; in production this INS would be refused",
    source="INS key; published ANS samples",
    grade=INFERRED,
    code=BAD_TOKEN,
    level=Level.WARN,
    needs=("VIHF-RESOURCE",),
    example=Example(simple(names.RESOURCE_ID), "221042545611404^^^&1.2.250.1.213.1.4.10&ISO^NH", "83"),
)
CONFIDENTIALITY = rule(
    "VIHF-CONFIDENTIALITY",
    "confidentiality-code",
    "le code de restriction d'audience n'est pas dans le jeu de valeurs JDV_J64",
    "the audience restriction code is not in value set JDV_J64",
    "INVISIBLE_REPRESENTANTS_LEGAUX pour une connexion secrète, sinon pas d'attribut",
    "INVISIBLE_REPRESENTANTS_LEGAUX for a secret connection, else no attribute",
    source=f"{VIHF_MAPPING}, JDV_J64",
    grade=SOURCED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    example=Example(simple(names.CONFIDENTIALITY), "SECRET", "a code of JDV_J64"),
)
LPS_VERSION = rule(
    "VIHF-LPS-VERSION",
    "LPS_Version",
    "la version du logiciel manque",
    "the software's version is missing",
    "renseignez LPS_Version",
    "fill in LPS_Version",
    source=VIHF_MAPPING,
    grade=SOURCED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example(f"{STATEMENT}/saml2:Attribute[@Name='{names.LPS_VERSION}']", "", names.LPS_VERSION),
)


def presence(case: Presented) -> Iterator[Finding]:
    """What must be there, once; subject-id is only absent from direct tokens (facts dmp §2.3)."""
    vihf = case.vihf
    coded = {names.ROLE: vihf.roles, names.PURPOSE: vihf.purpose}
    wanted = _MANDATORY if vihf.mode == names.DIRECT else (*_MANDATORY, names.SUBJECT_ID)
    for name in wanted:
        if not (coded[name] if name in coded else vihf.get(name)):
            yield MISSING.finding(vihf.where(name), found="", expected=name)
    if not vihf.get(names.LPS_VERSION):
        yield LPS_VERSION.finding(vihf.where(names.LPS_VERSION), found="", expected=names.LPS_VERSION)
    for name, place in vihf.repeated:
        yield REPEATED.finding(place, found=name, expected="once")


def proportions(case: Presented) -> Iterator[Finding]:
    """Values become keys and journal entries: a guard against hostile ones."""
    for name, value in case.vihf.values.items():
        most = 128 if name in ("NameID", "ID") else 4096
        if len(value) > most:
            expected = f"at most {most} characters"
            yield TOO_LONG.finding(case.vihf.where(name), found=f"{len(value)} characters", expected=expected)


def constants(case: Presented) -> Iterator[Finding]:
    """Version and resource URN."""
    vihf = case.vihf
    version, urn = vihf.get(names.VERSION), vihf.get(names.RESOURCE_URN)
    if version and version not in ("3.0", "4.0"):
        yield VERSION.finding(vihf.where(names.VERSION), found=version, expected="3.0 or 4.0")
    if urn and urn != "urn:dmp":
        yield URN.finding(vihf.where(names.RESOURCE_URN), found=urn, expected="urn:dmp")


def mode(case: Presented) -> Iterator[Finding]:
    """The mode, and what each mode asks of the connection and of the authentication context (facts dmp §2.7)."""
    vihf = case.vihf
    if not vihf.mode:
        return
    if vihf.mode not in MODES:
        yield MODE.finding(vihf.where(names.MODE), found=vihf.mode, expected=", ".join(MODES))
    person = case.client is not None and holder_of(case.client).kind == "person"
    if case.client is not None and person != (vihf.mode == names.DIRECT):
        expected = names.DIRECT if person else f"{names.INDIRECT} or {names.AIR}"
        yield MODE_TLS.finding(vihf.where(names.MODE), found=vihf.mode, expected=expected)
    declared = vihf.get("AuthnContextDecl")
    if vihf.air and declared not in _DECLARATIONS and not declared.startswith(_CLASSES):
        place = vihf.where("AuthnContextDecl")
        yield DECLARATION.finding(place, found=declared, expected=" or ".join(_DECLARATIONS))
    if declared and not vihf.air:
        yield DECLARATION_OUT.finding(vihf.where("AuthnContextDecl"), found=declared, expected="absent")
    reference = vihf.get("AuthnContextClassRef")
    if reference and not reference.startswith(_CLASSES):
        place = vihf.where("AuthnContextClassRef")
        yield CONTEXT_CLASS.finding(place, found=reference, expected=f"{_CLASSES}...")


def purpose(case: Presented) -> Iterator[Finding]:
    """Access mode, and the restriction of a secret connection (facts dmp §2.4, §4.6)."""
    vihf = case.vihf
    given = vihf.purpose
    if given is not None and not code_list("TRE_R248_ModeAcces").contains(given.code, given.system):
        yield PURPOSE.finding(f"{given.at}/@code", found=given, expected="a code of TRE_R248")
    code, _, system = vihf.get(names.CONFIDENTIALITY).partition("^")
    if code and not code_list("JDV_J64_RestrictionAudienceVIHF_DMP").contains(code, system or None):
        place = vihf.where(names.CONFIDENTIALITY)
        yield CONFIDENTIALITY.finding(place, found=vihf.get(names.CONFIDENTIALITY), expected="a code of JDV_J64")


def resource(case: Presented) -> Iterator[Finding]:
    """The patient of the token; a wrong key refuses, published samples excepted (facts dmp-messages §13.3)."""
    written, place = case.vihf.get(names.RESOURCE_ID), case.vihf.where(names.RESOURCE_ID)
    if not written:
        return
    try:
        matricule, oid = split_ins_cx(written)
    except InvalidIdentifier:
        yield RESOURCE.finding(place, found=written, expected=_CX)
        return
    if oid not in INS_OIDS:
        yield RESOURCE_OID.finding(place, found=written, expected=" or ".join(INS_OIDS))
    valid = is_valid_ins(matricule)
    if valid.only_key_wrong:
        chosen = RESOURCE_SAMPLE if known_sample("ins", matricule) else RESOURCE_KEY
        yield chosen.finding(place, found=written, expected=valid.expected)
    elif not valid:
        yield RESOURCE.finding(place, found=written, expected=valid.expected)


CHECKS: Final = (presence, proportions, constants, mode, purpose, resource)
RULES: Final = (
    *(MISSING, REPEATED, TOO_LONG, VERSION, MODE, MODE_TLS, DECLARATION, DECLARATION_OUT, CONTEXT_CLASS, PURPOSE, URN),
    *(RESOURCE, RESOURCE_OID, RESOURCE_KEY, RESOURCE_SAMPLE, CONFIDENTIALITY, LPS_VERSION),
)
