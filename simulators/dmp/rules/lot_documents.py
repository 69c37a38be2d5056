"""The documents of a lot: each entry has its bytes, hash and size are theirs, and nothing hostile is let in."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import Final

from simulators.core.rules import Example, Finding, Level, Rule
from simulators.dmp.document_settings import DOCUMENT_BYTES
from simulators.dmp.rules.lot_making import (
    DOCUMENT,
    IPF,
    ITI_41,
    REPOSITORY,
    REPOSITORY_ERROR,
    REQUEST,
    SEAL,
    SIGNATURE,
    lot_rule,
    slot,
)
from simulators.dmp.rules.making import INFERRED, OURS, SOURCED, STANDARD
from simulators.dmp.submission import Deposit, Sent, Submission, Unreadable

_MISSING = "XDSMissingDocument"
_SHA1 = "the SHA-1 of the document received"
_LENGTH = "the number of bytes received"

PART = lot_rule(
    "PART",
    "content of xds:Document",
    "le contenu du document ne peut pas être lu dans le message",
    "the content of the document cannot be read in the message",
    "xds:Document contient un xop:Include dont le href cid: désigne le Content-ID d'une partie MIME, ou du base64",
    "xds:Document holds an xop:Include whose cid: href names the Content-ID of a MIME part, or base64",
    source="W3C XOP 1.0, RFC 2392",
    grade=STANDARD,
    code=_MISSING,
    switchable=False,
    example=Example(DOCUMENT, "%%%", "base64"),
)
PART_UNUSED = lot_rule(
    "PART-UNUSED",
    "MIME parts",
    "cette partie MIME n'est désignée par aucun xds:Document : elle est ignorée",
    "no xds:Document refers to this MIME part: it is ignored",
    "ajoutez son xds:Document et sa fiche, ou retirez la partie",
    "add its xds:Document and its entry, or remove the part",
    source=OURS,
    grade=INFERRED,
    level=Level.WARN,
    strict=Level.REFUSE,
    code=REPOSITORY,
    kind="transport",
    example=Example("part[4]", "", "a part referred to"),
)
NO_METADATA = lot_rule(
    "METADATA-MISSING",
    "xds:Document/@id",
    "aucune fiche du lot ne décrit ce document",
    "no entry of the lot describes this document",
    "Document/@id reprend l'id de l'ExtrinsicObject, au caractère près",
    "Document/@id repeats the id of the ExtrinsicObject, to the letter",
    source=IPF,
    grade=SOURCED,
    code="XDSMissingDocumentMetadata",
    switchable=False,
    example=Example(f"{DOCUMENT}/@id", "Document99", "Document01 Signature01"),
)
NO_DOCUMENT = lot_rule(
    "DOCUMENT-MISSING",
    "rim:ExtrinsicObject without xds:Document",
    "la fiche n'a pas de document dans le message",
    "the entry has no document in the message",
    "ajoutez un xds:Document dont l'id est celui de la fiche",
    "add an xds:Document whose id is that of the entry",
    source=IPF,
    grade=SOURCED,
    code=_MISSING,
    switchable=False,
    needs=("METADATA-MISSING",),
    example=Example(REQUEST, "", "xds:Document of Document01"),
)
ID_CASE = lot_rule(
    "DOCUMENT-CASE",
    "case of xds:Document/@id",
    "l'id du document ne diffère de celui de sa fiche que par la casse",
    "the id of the document differs from that of its entry by its case only",
    "reprenez l'id de la fiche au caractère près",
    "repeat the id of the entry to the letter",
    source="XML identifiers are case-sensitive; a published sample breaks it and was accepted",
    grade=INFERRED,
    code="XDSMissingDocumentMetadata",
    example=Example(f"{DOCUMENT}/@id", "document01", "Document01"),
)
TWICE = lot_rule(
    "DOCUMENT-TWICE",
    "xds:Document/@id",
    "deux xds:Document portent le même id",
    "two xds:Document bear the same id",
    "un seul xds:Document par fiche",
    "one xds:Document for each entry",
    source=ITI_41,
    grade=STANDARD,
    code=REPOSITORY,
    switchable=False,
    example=Example(f"{REQUEST}/xds:Document[3]", "Document01", "an id used once"),
)
HASH = lot_rule(
    "HASH",
    "hash of a document",
    "l'empreinte annoncée n'est pas celle du document reçu",
    "the hash announced is not that of the document received",
    "SHA-1 des octets de la partie MIME, calculé après la dernière modification ; ou n'envoyez pas hash",
    "SHA-1 of the bytes of the MIME part, computed after the last change; or do not send hash",
    source=IPF,
    grade=INFERRED,
    code=REPOSITORY,
    example=Example(slot("hash"), "0" * 40, _SHA1),
)
SIZE = lot_rule(
    "SIZE",
    "size of a document",
    "la taille annoncée n'est pas celle du document reçu",
    "the size announced is not that of the document received",
    "nombre d'octets (pas de caractères) de la partie MIME ; ou n'envoyez pas size",
    "number of bytes (not characters) of the MIME part; or do not send size",
    source=IPF,
    grade=INFERRED,
    code=REPOSITORY,
    example=Example(slot("size"), "12", _LENGTH),
)
SEAL_HASH = lot_rule(
    "SIGNATURE-HASH",
    "hash and size of the signature entry",
    "l'empreinte ou la taille annoncée n'est pas celle de la signature reçue",
    "the hash or size announced is not that of the signature received",
    "calculez-les sur les octets de la partie MIME, sans la fin de ligne qui précède le délimiteur",
    "compute them over the bytes of the MIME part, without the line end before the delimiter",
    source="a client in the field breaks it",
    grade=INFERRED,
    code=REPOSITORY,
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example(slot("hash", SIGNATURE), "0" * 40, _SHA1),
)
OVERSIZED = lot_rule(
    "OVERSIZED",
    "size of a document",
    "le document dépasse la taille admise par ce monde",
    "the document exceeds the size this world admits",
    "réduisez le document (images du PDF), ou relevez le réglage dmp.max-document-bytes",
    "make the document smaller (images of the PDF), or raise the setting dmp.max-document-bytes",
    source="no published limit; the setting is ours",
    grade=INFERRED,
    code="XDSRepositoryOutOfResources",
    kind="state",
    example=Example(DOCUMENT, "52428801", "at most 52428800 bytes"),
)
HOSTILE = lot_rule(
    "HOSTILE",
    "XML of a document",
    "le document est un XML hostile ou démesuré : il n'est pas lu",
    "the document is hostile or outsized XML: it is not read",
    "retirez la DOCTYPE et les entités ; restez dans les limites de profondeur et de taille",
    "remove the DOCTYPE and entities; stay within the limits of depth and size",
    source=OURS,
    grade=INFERRED,
    code=REPOSITORY_ERROR,
    switchable=False,
    example=Example(DOCUMENT, "doctype", "XML without DOCTYPE, within the limits"),
)
CDA = lot_rule(
    "CDA",
    "XML of a document",
    "le document n'est pas un CDA lisible",
    "the document is no readable CDA",
    "un XML bien formé, dans l'encodage annoncé, qui contient un seul ClinicalDocument (urn:hl7-org:v3)",
    "well-formed XML, in the encoding announced, that holds one ClinicalDocument (urn:hl7-org:v3)",
    source="ANS CI-SIS; server reaction not published",
    grade=INFERRED,
    code=REPOSITORY_ERROR,
    needs=("MIME",),
    example=Example(DOCUMENT, "malformed", "a CDA document"),
)
SEAL_XML = lot_rule(
    "SIGNATURE-XML",
    "XML of the signature of the lot",
    "la signature du lot n'est pas une ds:Signature lisible",
    "the signature of the lot is no readable ds:Signature",
    "un document XML dont la racine est ds:Signature, avec un SignedInfo",
    "an XML document whose root is ds:Signature, with one SignedInfo",
    source="facts of published samples",
    grade=INFERRED,
    code=REPOSITORY,
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example(SEAL, "malformed", "a ds:Signature"),
)


def pairing(case: Submission) -> Iterator[Finding]:
    """Each document has its entry, each entry its document, to the letter."""
    identifiers = {deposit.entry.entry_id for deposit in case.deposits}
    folded = {identifier.casefold(): identifier for identifier in identifiers}
    times: Counter[str] = Counter()
    for sent in case.sent:
        times[sent.id] += 1
        place = f"{sent.at}/@id" if sent.id else sent.at
        if times[sent.id] > 1:
            yield TWICE.finding(sent.at, found=sent.id, expected="an id used once")
        elif sent.id not in identifiers:
            twin = folded.get(sent.id.casefold())
            if twin is not None:
                yield ID_CASE.finding(place, found=sent.id, expected=twin)
            else:
                yield NO_METADATA.finding(place, found=sent.id, expected=" ".join(sorted(identifiers)))
    for deposit in case.deposits:
        if deposit.sent is None:
            expected = f"xds:Document of {deposit.entry.entry_id}"
            yield NO_DOCUMENT.finding(case.at, found="", expected=expected)
    for unused in case.unused:
        yield PART_UNUSED.finding(unused, found="", expected="a part referred to")


def integrity(case: Submission) -> Iterator[Finding]:
    """Hash, size and ceiling; the line end before the MIME delimiter may be counted or not."""
    ceiling = DOCUMENT_BYTES.number(case.policy)
    for deposit in case.deposits:
        if deposit.sent is None:
            continue
        if len(deposit.sent.data) > ceiling:
            place, found = deposit.sent.at, str(len(deposit.sent.data))
            yield OVERSIZED.finding(place, found=found, expected=f"at most {ceiling} bytes")
        yield from _integrity(deposit, deposit.sent)


def _integrity(deposit: Deposit, sent: Sent) -> Iterator[Finding]:
    entry = deposit.entry
    seal = entry.is_signature
    hashes = [sha1(data) for data in (sent.data, sent.with_separator)]
    if entry.hash and len(entry.hash) == 40 and entry.hash.lower() not in hashes:
        chosen: Rule = SEAL_HASH if seal else HASH
        yield chosen.finding(entry.where("hash"), found=entry.hash, expected=_SHA1, computed=hashes[0])
        return
    sizes = {len(sent.data), len(sent.with_separator)}
    if entry.size and entry.size.isdecimal() and int(entry.size) not in sizes:
        chosen = SEAL_HASH if seal else SIZE
        place, counted = entry.where("size"), str(len(sent.data))
        yield chosen.finding(place, found=entry.size, expected=_LENGTH, computed=counted)


def sha1(data: bytes) -> str:
    """SHA-1 in hexadecimal: what XDS metadata hold, not a protection of ours."""
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def readable(case: Submission) -> Iterator[Finding]:
    """What could not be read as a CDA or as a signature, and why."""
    for deposit in case.deposits:
        if deposit.problem is not None:
            yield _unreadable(deposit, deposit.problem)


def _unreadable(deposit: Deposit, problem: Unreadable) -> Finding:
    if problem.hostile:
        chosen, expected = HOSTILE, "XML without DOCTYPE, within the limits"
    elif deposit.entry.is_signature:
        chosen, expected = SEAL_XML, "a ds:Signature"
    else:
        chosen, expected = CDA, "a CDA document"
    return chosen.finding(problem.at, found=problem.found, expected=expected, detail=problem.detail)


CHECKS: Final = (pairing, integrity, readable)
RULES: Final = (
    *(PART, PART_UNUSED, NO_METADATA, NO_DOCUMENT, ID_CASE, TWICE, HASH, SIZE, SEAL_HASH, OVERSIZED),
    *(HOSTILE, CDA, SEAL_XML),
)
