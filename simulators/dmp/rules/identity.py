"""Who the VIHF says is calling, held against the certificates: structure, sector, professional, roles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulators.core.pki import ANY_STRUCTURE
from simulators.core.rules import Example, Finding, Level
from simulators.dmp import vihf as names
from simulators.dmp.certificate import holder_of
from simulators.dmp.presented import Presented
from simulators.dmp.rights import FUNCTIONS, PROFESSIONS, SECTIONS, SPECIALITIES
from simulators.dmp.rules.making import (
    ASSERTION,
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
from simulators.dmp.rules.seal import KEY
from simulators.population.codes import code_list
from simulators.population.identifiers import PsIdNat, is_valid_ps_idnat, is_valid_struct_idnat

LEGAL_PERSON: Final = "Erreur d'authentification de la personne morale"
_FIELD = "field report (legal-person authentication error), second hand"
_ROLE = f"{STATEMENT}/saml2:Attribute[@Name='{names.ROLE}']/saml2:AttributeValue"
_J65: Final = "JDV_J65_SubjectRole_DMP"
_J61: Final = "JDV_J61_HealthcareFacilityTypeCode_DMP"

STRUCTURE_FORM = rule(
    "VIHF-STRUCTURE-FORM",
    "Identifiant_Structure",
    "l'identifiant de structure n'a pas la forme d'un Struct_IdNat",
    "the structure identifier does not have the form of a Struct_IdNat",
    "1 + FINESS, 3 + SIRET, 4 + RPPS et rang, sans espace",
    "1 + FINESS, 3 + SIRET, 4 + RPPS and rank, without spaces",
    source=SAMPLES,
    grade=SOURCED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    example=Example(simple(names.STRUCTURE), "0B0999009", "0 + ADELI (9 characters) + rank"),
)
STRUCTURE_KEY = rule(
    "VIHF-STRUCTURE-KEY",
    "key of Identifiant_Structure",
    "la clé de contrôle de l'identifiant de structure est fausse",
    "the check digit of the structure identifier is wrong",
    "vérifiez le FINESS, le SIRET ou le RPPS saisi (clé de Luhn)",
    "check the FINESS, SIRET or RPPS typed in (Luhn key)",
    source="Luhn key; published samples fail it",
    grade=INFERRED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    level=Level.WARN,
    needs=("VIHF-STRUCTURE-FORM",),
    example=Example(simple(names.STRUCTURE), "10B0999008", "9"),
)
STRUCTURE_CERTIFICATE = rule(
    "VIHF-STRUCTURE-CERTIFICATE",
    "Identifiant_Structure and the client certificate",
    "la structure du VIHF n'est pas celle du certificat de connexion",
    "the structure of the VIHF is not that of the connection's certificate",
    "déclarez dans Identifiant_Structure la structure de l'OU du certificat, ou un site de cette entité juridique",
    "declare in Identifiant_Structure the structure of the certificate's OU, or a site of that legal entity",
    source=_FIELD,
    grade=SOURCED,
    code="wsse:FailedAuthentication",
    national=LEGAL_PERSON,
    needs=("VIHF-STRUCTURE-FORM", "TLS-CERTIFICATE"),
    example=Example(simple(names.STRUCTURE), "10B0999025", "10B0999009"),
)
SIGNER_HOLDER = rule(
    "SIGN-HOLDER",
    "holder of the signing certificate",
    "le VIHF est signé par une autre structure que celle qu'il déclare",
    "the VIHF is signed by another structure than the one it declares",
    "signez avec le certificat de signature de la structure déclarée, ou de son entité juridique",
    "sign with the signature certificate of the declared structure, or of its legal entity",
    source=_FIELD,
    grade=SOURCED,
    code="wsse:FailedAuthentication",
    national=LEGAL_PERSON,
    kind="state",
    needs=("VIHF-STRUCTURE-FORM", "VIHF-STRUCTURE-CERTIFICATE", "SIGN-FOREIGN"),
    example=Example(KEY, "10B0999025", "10B0999009"),
)
SECTOR = rule(
    "VIHF-SECTOR",
    "code of Secteur_Activite",
    "le secteur d'activité n'est pas dans le jeu de valeurs JDV_J61",
    "the activity sector is not in value set JDV_J61",
    "prenez un code SAnn de JDV_J61-HealthcareFacilityTypeCode-DMP",
    "take an SAnn code of JDV_J61-HealthcareFacilityTypeCode-DMP",
    source=f"{VIHF_MAPPING}, JDV_J61",
    grade=SOURCED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    example=Example(simple(names.SECTOR), "SA99^1.2.250.1.71.4.2.4", "a code of JDV_J61"),
)
SECTOR_SCHEME = rule(
    "VIHF-SECTOR-SCHEME",
    "code system of Secteur_Activite",
    "le système de codage du secteur d'activité n'est pas celui de son code",
    "the code system of the activity sector is not that of its code",
    "écrivez SA01^1.2.250.1.71.4.2.4 : le code, ^, l'OID de TRE_R02",
    "write SA01^1.2.250.1.71.4.2.4: the code, ^, the OID of TRE_R02",
    source=VIHF_MAPPING,
    grade=SOURCED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    needs=("VIHF-SECTOR",),
    example=Example(simple(names.SECTOR), "SA01^1.2.250.1.71.4.2.5", "SA01^1.2.250.1.71.4.2.4"),
)
ROLE = rule(
    "VIHF-ROLE",
    "first Role (profession)",
    "le premier rôle n'est pas une profession du jeu de valeurs JDV_J65",
    "the first role is no profession of value set JDV_J65",
    "premier Role : la profession, par exemple code 10 du système 1.2.250.1.71.1.2.7",
    "first Role: the profession, for example code 10 of system 1.2.250.1.71.1.2.7",
    source=f"{VIHF_MAPPING}, JDV_J65",
    grade=SOURCED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    example=Example(f"{_ROLE}[1]/hl7:Role/@code", "11^1.2.250.1.71.1.2.7", "a profession of JDV_J65"),
)
SPECIALITY = rule(
    "VIHF-SPECIALITY",
    "second Role (speciality)",
    "la spécialité manque : elle est obligatoire pour les médecins et les pharmaciens",
    "the speciality is missing: physicians and pharmacists must give one",
    "second Role : spécialité (1.2.250.1.71.4.2.5) d'un médecin, section (1.2.250.1.71.4.2.6) d'un pharmacien",
    "second Role: speciality (1.2.250.1.71.4.2.5) of a physician, section (1.2.250.1.71.4.2.6) of a pharmacist",
    source=f"{VIHF_MAPPING}; text from a field report, second hand",
    grade=SOURCED,
    code=BAD_TOKEN,
    national="Aucune spécialité dans le vihf. Spécialité obligatoire pour les Médecins...",
    needs=("VIHF-ROLE",),
    example=Example(f"{_ROLE}[2]", "", f"a Role of {SPECIALITIES}"),
)
SPECIALITY_CODE = rule(
    "VIHF-SPECIALITY-CODE",
    "code of the second Role",
    "la spécialité n'est pas dans le jeu de valeurs JDV_J65, ou pas du système de sa profession",
    "the speciality is not in value set JDV_J65, or not of the system of its profession",
    "médecin : code de TRE_R01 (1.2.250.1.71.4.2.5) ; pharmacien : section de TRE_G05 (1.2.250.1.71.4.2.6)",
    "physician: a code of TRE_R01 (1.2.250.1.71.4.2.5); pharmacist: a section of TRE_G05 (1.2.250.1.71.4.2.6)",
    source=f"{VIHF_MAPPING}, JDV_J65",
    grade=SOURCED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    needs=("VIHF-ROLE",),
    example=Example(f"{_ROLE}[2]/hl7:Role/@code", "SM99^1.2.250.1.71.4.2.5", f"a code of {SPECIALITIES} in JDV_J65"),
)
NAME_FORM = rule(
    "VIHF-NAMEID-FORM",
    "saml2:NameID",
    "l'identifiant du professionnel n'a pas la forme d'un PS_IdNat",
    "the professional's identifier does not have the form of a PS_IdNat",
    "8 + RPPS sur 11 chiffres, ou un identifiant interne (3 + FINESS + / + identifiant)",
    "8 + RPPS of 11 digits, or an internal identifier (3 + FINESS + / + identifier)",
    source="ANS, PDSm pour le DMP, PSIdNat",
    grade=INFERRED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    level=Level.WARN,
    strict=Level.REFUSE,
    needs=("VIHF-TOO-LONG",),
    example=Example(f"{ASSERTION}/saml2:Subject/saml2:NameID", "99700000013", "a first character among 0 1 3 4 5 6 8"),
)
NAME_KEY = rule(
    "VIHF-NAMEID-KEY",
    "RPPS key of saml2:NameID",
    "la clé de contrôle du RPPS est fausse",
    "the check digit of the RPPS is wrong",
    "vérifiez le RPPS saisi (clé de Luhn sur les 11 chiffres, sans le 8)",
    "check the RPPS typed in (Luhn key over the 11 digits, without the 8)",
    source="Luhn key; published samples fail it",
    grade=INFERRED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    level=Level.WARN,
    needs=("VIHF-NAMEID-FORM",),
    example=Example(f"{ASSERTION}/saml2:Subject/saml2:NameID", "899700000014", "3"),
)
NAME_CERTIFICATE = rule(
    "VIHF-NAMEID-CERTIFICATE",
    "saml2:NameID and the professional's certificate",
    "en authentification directe, le NameID n'est pas le porteur du certificat",
    "in direct authentication, the NameID is not the holder of the certificate",
    "recopiez dans NameID le PS_IdNat du CN du certificat",
    "copy the PS_IdNat of the certificate's CN into NameID",
    source=SAMPLES,
    grade=INFERRED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example(f"{ASSERTION}/saml2:Subject/saml2:NameID", "899700000021", "899700000013"),
)
UNKNOWN_STRUCTURE = rule(
    "STRUCTURE-UNKNOWN",
    "Identifiant_Structure in the world's population",
    "la structure est inconnue de ce monde",
    "the structure is unknown to this world",
    "importez la structure, ou laissez le monde adopter les inconnues (unknown: adopt)",
    "import the structure, or let the world adopt unknown ones (unknown: adopt)",
    source="field report, 2026 (existence test), second hand",
    grade=SOURCED,
    code="soap:SIMStructureInconnue",
    national="Impossible d'effectuer un test d'existence : Structure introuvable ou Inactive",
    kind="state",
    example=Example(simple(names.STRUCTURE), "10B0199998", "known to world main"),
)
UNKNOWN_PROFESSIONAL = rule(
    "PROFESSIONAL-UNKNOWN",
    "saml2:NameID in the world's population",
    "le professionnel est inconnu de ce monde",
    "the professional is unknown to this world",
    "importez le professionnel, ou laissez le monde adopter les inconnus (unknown: adopt)",
    "import the professional, or let the world adopt unknown ones (unknown: adopt)",
    source=OURS,
    grade=INFERRED,
    code="soap:SIMProfessionnelInconnu",
    kind="state",
    example=Example(f"{ASSERTION}/saml2:Subject/saml2:NameID", "899799999992", "known to world main"),
)
UNKNOWN_PATIENT = rule(
    "PATIENT-UNKNOWN",
    "patient of the resource-id in the world's population",
    "le patient est inconnu de ce monde",
    "the patient is unknown to this world",
    "importez le patient, ou laissez le monde adopter les inconnus (unknown: adopt)",
    "import the patient, or let the world adopt unknown ones (unknown: adopt)",
    source=OURS,
    grade=INFERRED,
    code="soap:SIMPatientInconnu",
    kind="state",
    example=Example(simple(names.RESOURCE_ID), "190010099800150", "known to world main"),
)
NOT_LINKED = rule(
    "PROFESSIONAL-LINK",
    "professional and structure in the world's population",
    "le professionnel n'exerce pas dans cette structure",
    "the professional does not practise in this structure",
    "déclarez une structure d'exercice du professionnel, ou ajoutez-la à la population du monde",
    "declare a structure the professional practises in, or add it to the world's population",
    source="field report, 2026 (existence test), second hand",
    grade=SOURCED,
    code="soap:SIMProfessionnelNonLie",
    national="PS et Structure non liés",
    level=Level.WARN,
    strict=Level.REFUSE,
    kind="state",
    example=Example(f"{ASSERTION}/saml2:Subject/saml2:NameID", "899700000013", "an activity in 10B0999025"),
)


def structure(case: Presented) -> Iterator[Finding]:
    """Form, key, then agreement with both certificates; a legal entity may serve its sites (facts dmp §2.7)."""
    vihf = case.vihf
    if not vihf.structure:
        return
    valid, place = is_valid_struct_idnat(vihf.structure), vihf.where(names.STRUCTURE)
    if not valid:
        chosen = STRUCTURE_KEY if valid.only_key_wrong else STRUCTURE_FORM
        yield chosen.finding(place, found=vihf.structure, expected=valid.expected)
    if vihf.mode == names.DIRECT:
        return
    client, signer = holder_of(case.client) if case.client else None, holder_of(case.signer)
    # A holder nobody can name is the empty text: it must serve nobody.
    served = {vihf.structure, case.legal_entity, ANY_STRUCTURE} - {""}
    # A person's connection under an indirect mode is the finding of another rule.
    if client is not None and client.kind != "person" and client.identifier not in served:
        held = case.client.subject_dn if case.client else ""
        yield STRUCTURE_CERTIFICATE.finding(place, found=vihf.structure, expected=client.identifier, subject=held)
    if signer.kind == "person" or signer.identifier not in served:
        held = case.signer.subject_dn
        yield SIGNER_HOLDER.finding(case.signer_at, found=signer.identifier, expected=vihf.structure, subject=held)


def sector(case: Presented) -> Iterator[Finding]:
    """Code and system of the activity sector."""
    written = case.vihf.get(names.SECTOR)
    if not written:
        return
    code, system = case.vihf.sector
    row = code_list(_J61).get(code)
    if row is None:
        yield SECTOR.finding(case.vihf.where(names.SECTOR), found=written, expected="a code of JDV_J61")
    elif not code_list(_J61).contains(code, system):
        expected = f"{code}^{row.system}"
        yield SECTOR_SCHEME.finding(case.vihf.where(names.SECTOR), found=written, expected=expected)


def roles(case: Presented) -> Iterator[Finding]:
    """Profession first; then the speciality of physicians and pharmacists (facts dmp §2.6)."""
    if not case.vihf.roles:
        return
    first, *others = case.vihf.roles
    if first.system in (SPECIALITIES, SECTIONS, FUNCTIONS) or not code_list(_J65).contains(first.code, first.system):
        yield ROLE.finding(f"{first.at}/@code", found=first, expected="a profession of JDV_J65")
    wanted = {"10": SPECIALITIES, "21": SECTIONS}.get(first.code) if first.system == PROFESSIONS else None
    if wanted is None:
        return
    if not others:
        base = first.at.removesuffix("/hl7:Role").removesuffix("[1]")
        yield SPECIALITY.finding(f"{base}[2]", found="", expected=f"a Role of {wanted}")
    elif not any(role.system == wanted and code_list(_J65).contains(role.code, role.system) for role in others):
        expected = f"a code of {wanted} in JDV_J65"
        yield SPECIALITY_CODE.finding(f"{others[0].at}/@code", found=others[0], expected=expected)


def name_id(case: Presented) -> Iterator[Finding]:
    """Form and key of the professional's identifier; in direct mode, agreement with the certificate."""
    written, place = case.vihf.professional, case.vihf.where("NameID")
    if not written:
        return
    valid = is_valid_ps_idnat(written)
    if not valid and not valid.only_key_wrong:
        yield NAME_FORM.finding(place, found=written, expected=valid.expected)
    elif not valid and PsIdNat.as_received(written).rpps is not None:
        yield NAME_KEY.finding(place, found=written, expected=valid.expected)
    if case.vihf.mode == names.DIRECT and case.client is not None:
        holder = holder_of(case.client)
        if holder.kind == "person" and holder.identifier != written:
            yield NAME_CERTIFICATE.finding(place, found=written, expected=holder.identifier)


CHECKS: Final = (structure, sector, roles, name_id)
RULES: Final = (
    *(STRUCTURE_FORM, STRUCTURE_KEY, STRUCTURE_CERTIFICATE, SIGNER_HOLDER, SECTOR, SECTOR_SCHEME),
    *(ROLE, SPECIALITY, SPECIALITY_CODE, NAME_FORM, NAME_KEY, NAME_CERTIFICATE),
    *(UNKNOWN_STRUCTURE, UNKNOWN_PROFESSIONAL, UNKNOWN_PATIENT, NOT_LINKED),
)
