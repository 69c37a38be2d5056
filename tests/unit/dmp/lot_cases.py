"""Mending cases of lots: one defect at one place for each rule that looks at the message."""

from __future__ import annotations

import copy
from base64 import b64encode
from dataclasses import replace
from functools import cache, partial

from lxml import etree

from simulators.core.rules import Level
from simulators.core.xml import locate
from simulators.dmp.rules import (
    lot_attributes,
    lot_authors,
    lot_cda,
    lot_codes,
    lot_documents,
    lot_patients,
    lot_registry,
    lot_structure,
    signature,
)
from simulators.dmp.rules.lot_making import (
    DOCUMENT,
    ENTRY,
    LIST,
    REQUEST,
    SEAL,
    SET,
    SIGNATURE,
    author_slot,
    classified,
    identified,
    slot,
)
from simulators.documents.xds import schemes
from simulators.documents.xds.model import Code
from simulators.documents.xds.values import Cx
from simulators.population.identifiers import PS_IDNAT_OID
from tests.support.dmp_lots import AUTHOR, SET_ID, XDS, LotPlan, described, letter, plain
from tests.support.dmp_messages import DIRECT, INDIRECT, OTHER_INS
from tests.support.lot_mending import (
    OLD,
    OLD_OF_OTHER_AUTHOR,
    OLD_OF_OTHER_PATIENT,
    LotCase,
)
from tests.support.mending import Breaker, change, insert, remove

RIM = schemes.RIM
CDA = "/hl7:ClinicalDocument"
DS = "/ds:Signature"
OTHER_CX = f"{OTHER_INS}^^^&1.2.250.1.213.1.4.10&ISO^NH"
HIDDEN = "INVISIBLE_REPRESENTANTS_LEGAUX"
SECRET = INDIRECT.but(confidentiality=HIDDEN)
COLLEAGUE = f"899700000039^TESTEUR^CLAUDE^^^^^^&{PS_IDNAT_OID}&ISO^D^^^IDNPS"
ACCESSION = Cx.of("A1", "1.2.250.1.999.9.1.8", "urn:ihe:iti:xds:2013:accession").text
SET_INSTITUTION = author_slot("authorInstitution", SET, schemes.SET_AUTHOR)
SAMPLE = "221042545611404^^^&1.2.250.1.213.1.4.10&ISO^NH"
ASSOCIATION = f"{LIST}/rim:Association"
TYPE = classified(schemes.ENTRY_TYPE)
CONFIDENTIALITY = classified(schemes.ENTRY_CONFIDENTIALITY)
VISIBILITY = "1.2.250.1.213.1.1.4.13"
TWICE_TYPED = (
    f'<Classification xmlns="{RIM}" classificationScheme="{schemes.ENTRY_TYPE}" classifiedObject="Document01" id="bis" '
    'nodeRepresentation="11490-0"><Slot name="codingScheme"><ValueList><Value>2.16.840.1.113883.6.1</Value></ValueList>'
    '</Slot><Name><LocalizedString value="Lettre"/></Name></Classification>'
)
FOLDER = (
    f'<RegistryPackage xmlns="{RIM}" id="Folder01"><Classification classificationNode="{schemes.FOLDER}" '
    'classifiedObject="Folder01" id="f1"/></RegistryPackage>'
)


def slot_xml(name: str, value: str) -> str:
    return f'<Slot xmlns="{RIM}" name="{name}"><ValueList><Value>{value}</Value></ValueList></Slot>'


def move(path: str, index: int) -> Breaker:
    """Puts the element at ``path`` at another rank of its parent."""

    def breaker(root: etree._Element) -> None:
        node = locate(root, path)
        assert isinstance(node, etree._Element)
        parent = node.getparent()
        assert parent is not None
        parent.insert(len(parent) if index < 0 else index, node)

    return breaker


def with_entry(**values: object) -> LotPlan:
    """The plain lot whose entry has other values."""
    _, data = plain().documents[0]
    return LotPlan((described(data, **values),), plain().patient_cx)


@cache
def hidden(*codes: str) -> LotPlan:
    """The plain lot with visibility codes beside N."""
    normal = Code("N", "2.16.840.1.113883.5.25", "Normal")
    return with_entry(confidentiality_codes=(normal, *(Code(code, VISIBILITY, "Visibilité") for code in codes)))


@cache
def unhashed() -> LotPlan:
    """Neither hash nor size, as most lots come: the document may change."""
    return with_entry(hash=None, size=None)


@cache
def appended() -> LotPlan:
    """The CDA says it appends to another document."""
    data = letter(replaces="1.2.250.1.999.9.1.2.0").replace(b'typeCode="RPLC"', b'typeCode="APND"')
    return LotPlan((described(data, hash=None, size=None),), plain().patient_cx)


@cache
def replacing() -> LotPlan:
    return LotPlan((described(letter(replaces="1.2.250.1.999.9.1.2.0")),), plain().patient_cx, replaces=OLD)


@cache
def replacing_unhashed() -> LotPlan:
    data = letter(replaces="1.2.250.1.999.9.1.2.0")
    return LotPlan((described(data, hash=None, size=None),), plain().patient_cx, replaces=OLD)


@cache
def anonymous() -> LotPlan:
    """Neither the set nor the signature name a structure."""
    return replace(plain(), author=replace(AUTHOR, institutions=()))


@cache
def other_authenticator() -> LotPlan:
    return with_entry(legal_authenticator=COLLEAGUE)


def base64(data: bytes) -> str:
    return b64encode(data).decode()


def set_attribute(path: str, name: str, value: str) -> Breaker:
    """Adds an attribute to the element at ``path``."""

    def breaker(root: etree._Element) -> None:
        node = locate(root, path)
        assert isinstance(node, etree._Element)
        node.set(name, value)

    return breaker


def second_signature(root: etree._Element) -> None:
    """A copy of the signature entry under another id."""
    first = locate(root, SIGNATURE)
    assert isinstance(first, etree._Element)
    second = copy.deepcopy(first)
    second.set("id", "Signature02")
    first.addnext(second)


def style_sheet(document: etree._Element) -> None:
    """Names an external style sheet before the root, as 17 of 18 published documents do."""
    document.addprevious(etree.PI("xml-stylesheet", 'type="text/xsl" href="../FeuilleDeStyle/CDA-FO.xsl"'))


inside = partial(LotCase, inside=1, resealed=True, plan=unhashed)
sealed = partial(LotCase, inside=2)
target = partial(LotCase, plan=replacing)


def code_of(scheme: str, value: str, owner: str = ENTRY) -> Breaker:
    return change(f"{classified(scheme, owner)}/@nodeRepresentation", value)


STRUCTURE = [
    LotCase(lot_structure.UNREADABLE, remove(f"{ENTRY}/@id")),
    LotCase(lot_structure.SETS, insert(LIST, -1, f'<RegistryPackage xmlns="{RIM}" id="SubmissionSet02"/>')),
    LotCase(lot_structure.SET_NODE, remove(f"{SET}/rim:Classification[3]")),
    LotCase(lot_structure.IDENTIFIERS, change(f"{SIGNATURE}/@id", "Document01")),
    LotCase(lot_structure.OBJECT_TYPE, change(f"{ENTRY}/@objectType", "urn:uuid:34268e47-fdf5-41a6-ba33-82133c465248")),
    LotCase(lot_structure.ORDER, move(f"{ENTRY}/rim:Slot[@name='creationTime']", -1)),
    LotCase(lot_structure.BELONGS, change(f"{TYPE}/@classifiedObject", "Document99")),
    LotCase(lot_structure.SERVER_OWNED, set_attribute(ENTRY, "status", schemes.APPROVED)),
    LotCase(lot_structure.FOLDER, insert(LIST, -1, FOLDER)),
    LotCase(lot_structure.MEMBER, remove(f"{ASSOCIATION}[1]")),
    LotCase(lot_structure.MEMBER_STATUS, change(f"{ASSOCIATION}[1]/rim:Slot/rim:ValueList/rim:Value", "Reference")),
    LotCase(lot_structure.ASSOCIATION, change(f"{ASSOCIATION}[1]/@targetObject", "Document99")),
    LotCase(
        lot_structure.ASSOCIATION_TYPE,
        change(f"{ASSOCIATION}[1]/@associationType", "urn:oasis:names:tc:ebxml-regrep:AssociationType:Membre"),
    ),
    target(
        lot_structure.ASSOCIATION_UNUSUAL,
        change(f"{ASSOCIATION}[4]/@associationType", schemes.APPENDS),
        also=(lot_cda.NOT_ASSOCIATED,),
    ),
    LotCase(
        lot_structure.EMPTY,
        remove(ENTRY),
        also=(lot_structure.ASSOCIATION, lot_documents.NO_METADATA, signature.FOREIGN),
    ),
]
ATTRIBUTES = [
    LotCase(lot_attributes.MISSING, remove(TYPE)),
    LotCase(lot_attributes.MISSING, change(slot("languageCode"), " "), name="empty"),
    LotCase(lot_attributes.REPEATED, insert(ENTRY, 12, TWICE_TYPED)),
    LotCase(lot_attributes.CODED, change(f"{TYPE}/rim:Slot/rim:ValueList/rim:Value", "")),
    LotCase(
        lot_attributes.AUTHOR,
        remove(f"{classified(schemes.SET_AUTHOR, SET)}/rim:Slot[@name='authorPerson']"),
        plan=anonymous,
    ),
    LotCase(lot_attributes.INSTANT, change(slot("creationTime"), "2026-01-05T08:30:00Z")),
    LotCase(lot_attributes.UNIQUE_ID, change(identified(schemes.ENTRY_UNIQUE_ID), "1.2.250.1.999.9.1.2.1^7")),
    LotCase(lot_attributes.HASH_FORM, change(slot("hash"), "sha1:da39a3ee")),
    LotCase(lot_attributes.SOURCE_PATIENT, change(slot("sourcePatientId"), "IPP0001")),
    LotCase(
        lot_attributes.REFERENCE,
        change(slot(schemes.REFERENCE_ID_LIST), "A1^^^&1.2.250.1.999.9.1.8&ISO^urn:ihe:iti:xds:2013:uniqueId"),
        plan=lambda: with_entry(reference_ids=(ACCESSION,)),
    ),
]
CODES = [
    LotCase(lot_codes.TYPE, code_of(schemes.ENTRY_TYPE, "99999-9")),
    LotCase(lot_codes.CLASS, code_of(schemes.ENTRY_CLASS, "99")),
    LotCase(lot_codes.CLASS_OF_TYPE, code_of(schemes.ENTRY_CLASS, "11")),
    LotCase(lot_codes.FORMAT, code_of(schemes.ENTRY_FORMAT, "urn:exemple:format")),
    LotCase(
        lot_codes.FORMAT_SCHEME,
        change(f"{classified(schemes.ENTRY_FORMAT)}/rim:Slot/rim:ValueList/rim:Value", "1.2.250.1.213.1.1.4.12"),
    ),
    LotCase(lot_codes.FACILITY, code_of(schemes.ENTRY_FACILITY, "SA99")),
    LotCase(lot_codes.PRACTICE, code_of(schemes.ENTRY_PRACTICE, "CABINET")),
    LotCase(lot_codes.PRACTICE_NEWER, code_of(schemes.ENTRY_PRACTICE, "ESSMS")),
    LotCase(lot_codes.CONFIDENTIALITY, code_of(schemes.ENTRY_CONFIDENTIALITY, "INVISIBLE_REP_LEGAUX")),
    LotCase(
        lot_codes.CONFIDENTIALITY_BASE, remove(f"{ENTRY}/rim:Classification[4]"), plan=partial(hidden, "MASQUE_PS")
    ),
    LotCase(
        lot_codes.VISIBILITY,
        change(f"{ENTRY}/rim:Classification[6]/@nodeRepresentation", "INVISIBLE_PATIENT"),
        plan=partial(hidden, "MASQUE_PS", HIDDEN),
    ),
    LotCase(lot_codes.SECRET, remove(f"{ENTRY}/rim:Classification[5]"), plan=partial(hidden, HIDDEN), vihf=SECRET),
    LotCase(lot_codes.CONTENT_TYPE, code_of(schemes.SET_CONTENT_TYPE, "99", SET)),
    LotCase(lot_codes.SPECIALTY, change(author_slot("authorSpecialty"), "G15_10/SM99^Inconnue^1.2.250.1.213.1.1.4.5")),
    LotCase(lot_codes.MIME, change(f"{ENTRY}/@mimeType", "application/pdf")),
]
ENTRY_PATIENT = identified(schemes.ENTRY_PATIENT_ID)
PARTIES = [
    LotCase(lot_patients.PATIENT_FORM, change(ENTRY_PATIENT, "185010099900171")),
    LotCase(lot_patients.INS_OID, change(ENTRY_PATIENT, "185010099900171^^^&1.2.250.1.213.1.4.2&ISO^NH")),
    LotCase(lot_patients.INS_KEY, change(ENTRY_PATIENT, "185010099900172^^^&1.2.250.1.213.1.4.10&ISO^NH")),
    LotCase(lot_patients.INS_SAMPLE, change(ENTRY_PATIENT, SAMPLE), also=(lot_patients.PATIENT_SET,)),
    LotCase(lot_patients.PATIENT_VIHF, change(identified(schemes.SET_PATIENT_ID, SET), OTHER_CX)),
    LotCase(lot_patients.PATIENT_SET, change(ENTRY_PATIENT, OTHER_CX)),
    inside(
        lot_patients.PATIENT_CDA,
        change(f"{CDA}/hl7:recordTarget/hl7:patientRole/hl7:id[1]/@extension", OTHER_INS),
    ),
    LotCase(
        lot_authors.AUTHOR_STRUCTURE,
        change(author_slot("authorInstitution"), AUTHOR.institutions[0].replace("10B0999009", "10B0999025")),
    ),
    LotCase(
        lot_authors.AUTHOR_PERSON,
        change(author_slot("authorPerson"), COLLEAGUE),
        plan=other_authenticator,
        vihf=DIRECT,
        holder="899700000013",
        also=(),
    ),
    LotCase(lot_authors.PERSON, change(slot("legalAuthenticator"), "FICTIF CAMILLE")),
    LotCase(
        lot_authors.PERSON_KEY,
        change(slot("legalAuthenticator"), str(AUTHOR.person).replace("899700000013", "899700000014")),
    ),
    LotCase(
        lot_authors.INSTITUTION,
        change(SET_INSTITUTION, "CENTRE FICTIF^^^^^&1.2.250.1.71.4.2.2&ISO^FINEG^^^0B0999009"),
    ),
    LotCase(
        lot_authors.INSTITUTION_KEY,
        change(SET_INSTITUTION, AUTHOR.institutions[0].replace("10B0999009", "10B0999008")),
    ),
]
DOCUMENTS = [
    LotCase(lot_documents.PART, change(DOCUMENT, "%%%")),
    LotCase(lot_documents.NO_METADATA, change(f"{DOCUMENT}/@id", "Document99")),
    LotCase(lot_documents.NO_DOCUMENT, remove(DOCUMENT)),
    LotCase(lot_documents.ID_CASE, change(f"{DOCUMENT}/@id", "document01")),
    LotCase(lot_documents.TWICE, insert(REQUEST, -1, f'<Document xmlns="{XDS}" id="Document01">AAAA</Document>')),
    LotCase(lot_documents.HASH, change(slot("hash"), "0" * 40)),
    LotCase(lot_documents.SIZE, change(slot("size"), "12")),
    LotCase(
        lot_documents.SEAL_HASH,
        change(slot("hash", SIGNATURE), "0" * 40),
        plan=lambda: replace(plain(), seal_hashed=True),
    ),
    LotCase(
        lot_documents.HOSTILE, change(DOCUMENT, base64(b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")), plan=unhashed
    ),
    LotCase(lot_documents.CDA, change(DOCUMENT, base64(b"<a")), plan=unhashed),
    LotCase(lot_documents.SEAL_XML, change(SEAL, base64(b"<a"))),
    inside(lot_cda.IDENTIFIER, change(f"{CDA}/hl7:id/@root", "1.2.250.1.999.9.1.2.9")),
    inside(lot_cda.TYPE, change(f"{CDA}/hl7:code/@code", "34112-3")),
    inside(lot_cda.BODY, change(f"{CDA}/hl7:component/hl7:nonXMLBody/hl7:text/@mediaType", "text/plain")),
    inside(lot_cda.STYLESHEET, style_sheet),
    inside(lot_cda.SCRIPT, set_attribute(f"{CDA}/hl7:title", "onclick", "alert(1)")),
    inside(lot_cda.LINK, set_attribute(f"{CDA}/hl7:title", "href", "https://exemple.invalid/")),
    LotCase(lot_cda.UTC, change(slot("creationTime"), "20260105093000")),
    inside(lot_cda.NOT_ASSOCIATED, change(f"{CDA}/hl7:relatedDocument/@typeCode", "RPLC"), plan=appended),
]
REPLACED = f"{ASSOCIATION}[4]/@targetObject"
REGISTRY = [
    LotCase(lot_registry.TWICE, change(identified(schemes.ENTRY_UNIQUE_ID), SET_ID), also=(lot_cda.IDENTIFIER,)),
    target(lot_registry.TARGET_FORM, change(REPLACED, "1.2.250.1.999.9.1.2.0")),
    target(lot_registry.TARGET_UNKNOWN, change(REPLACED, "urn:uuid:00000000-0000-4000-8000-000000000199")),
    target(lot_registry.TARGET_PATIENT, change(REPLACED, OLD_OF_OTHER_PATIENT)),
    target(lot_registry.TARGET_AUTHOR, change(REPLACED, OLD_OF_OTHER_AUTHOR)),
    inside(
        lot_registry.NOT_RELATED,
        change(f"{CDA}/hl7:relatedDocument/hl7:parentDocument/hl7:id/@root", "1.2.250.1.999.9.1.2.9"),
        plan=replacing_unhashed,
    ),
]
MANIFEST = f"{DS}/ds:Object[2]/ds:Manifest"
FOREIGN = (
    '<Reference xmlns="http://www.w3.org/2000/09/xmldsig#" URI="urn:oid:1.2.250.1.999.9.1.2.9"><DigestMethod '
    'Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/><DigestValue>AA==</DigestValue></Reference>'
)
SIGNED = [
    LotCase(signature.ABSENT, remove(SIGNATURE), also=(lot_structure.ASSOCIATION, lot_documents.NO_METADATA)),
    LotCase(
        signature.SEVERAL,
        second_signature,
        also=(lot_structure.BELONGS, lot_structure.MEMBER, lot_documents.NO_DOCUMENT, lot_registry.TWICE),
    ),
    LotCase(signature.LINK, remove(f"{ASSOCIATION}[3]")),
    LotCase(signature.ENTRY_CODES, code_of(schemes.ENTRY_TYPE, "E1763", SIGNATURE)),
    sealed(signature.NOT_SIGNED, remove(f"{MANIFEST}/ds:Reference[1]")),
    sealed(signature.FOREIGN, insert(MANIFEST, -1, FOREIGN)),
    sealed(signature.DIGEST, change(f"{MANIFEST}/ds:Reference[2]/ds:DigestValue", "AAAA")),
    sealed(signature.INTERNAL, change(f"{DS}/ds:SignedInfo/ds:Reference[1]/ds:DigestValue", "AAAA")),
    sealed(signature.CERTIFICATE, change(f"{DS}/ds:KeyInfo/ds:X509Data/ds:X509Certificate", "AAAA")),
    sealed(
        signature.XADES,
        change(f"{DS}/ds:Object[1]/ds:SignatureProperties/ds:SignatureProperty", "1.2.840.10065.1.12.1.1"),
        levels={signature.XADES.id: Level.WARN},
    ),
    sealed(signature.VALUE, change(f"{DS}/ds:SignatureValue", "AAAA")),
]
CASES = [*STRUCTURE, *ATTRIBUTES, *CODES, *PARTIES, *DOCUMENTS, *REGISTRY, *SIGNED]
