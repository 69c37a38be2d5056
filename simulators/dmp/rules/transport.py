"""What comes before the token: HTTP, XML, the SOAP envelope, WS-Addressing, and the certificate of the connection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from simulators.core.pki import CertificateFacts, ChainReason, Trust, Usage, chain_verdict
from simulators.core.rules import Example, Finding, Level
from simulators.core.soap import SoapRefused, SoapRequest, parse_media_type
from simulators.core.xml import where
from simulators.dmp import vihf as names
from simulators.dmp.operations import SERVICES, Operation, service_of
from simulators.dmp.rules.making import (
    BAD_CERTIFICATE,
    BODY,
    INFERRED,
    OURS,
    SOURCED,
    STANDARD,
    TOKEN_FAILED,
    rule,
    simple,
)

_HEADER = "/soap:Envelope/soap:Header"
_SOAP = "W3C SOAP 1.2 part 1"
_MEDIA: Final = (
    *("application/soap+xml", "text/xml", "application/xml", "application/octet-stream"),
    *("multipart/related", "application/xop+xml"),
)

XML = rule(
    "XML",
    "bytes of the message",
    "le message n'est pas un XML lisible",
    "the message is no readable XML",
    "envoyez un XML bien formé en UTF-8, sans DOCTYPE, dans l'encodage annoncé",
    "send well-formed XML in UTF-8, without DOCTYPE, in the encoding announced",
    source="W3C XML 1.0; facts of the field on damaged accents",
    grade=STANDARD,
    switchable=False,
    kind="transport",
    example=Example("line 1, column 1", "empty", "well-formed XML"),
)
MTOM = rule(
    "MTOM",
    "multipart/related package",
    "le message multipart (MTOM) est illisible",
    "the multipart (MTOM) message cannot be read",
    "vérifiez boundary, start, Content-ID et les références cid: ; terminez par --boundary--",
    "check boundary, start, Content-ID and the cid: references; end with --boundary--",
    source="RFC 2387, W3C XOP 1.0",
    grade=STANDARD,
    switchable=False,
    kind="transport",
    example=Example("Content-Type", "multipart/related", 'boundary="..."'),
)
MEDIA = rule(
    "HTTP-MEDIA",
    "Content-Type",
    "le type de média n'est pas un de ceux du service",
    "the media type is none of those of the service",
    "application/soap+xml, ou multipart/related pour TD2.1",
    "application/soap+xml, or multipart/related for TD2.1",
    source=f"{_SOAP} §A; field clients",
    grade=INFERRED,
    level=Level.WARN,
    kind="transport",
    example=Example("header:Content-Type", "application/json", "application/soap+xml"),
)
PATH = rule(
    "HTTP-PATH",
    "path of the request",
    "l'opération n'est pas celle du service appelé",
    "the operation is not one of the service called",
    "appelez le chemin de l'opération",
    "call the path of the operation",
    source="ANS DRIMbox; GIE SESAM-Vitale kit (service paths)",
    grade=SOURCED,
    level=Level.WARN,
    strict=Level.REFUSE,
    kind="transport",
    example=Example("path", "/si-dmp-server/v2/services/registry", "/si-dmp-server/v2/services/patients"),
)
ENVELOPE = rule(
    "SOAP-ENVELOPE",
    "soap:Envelope",
    "l'enveloppe SOAP n'a pas la structure attendue",
    "the SOAP envelope is not built as expected",
    "une Envelope : un Header puis un Body ; un seul élément dans le Body ; chaque en-tête une fois",
    "one Envelope: a Header then a Body; one element in the Body; each header once",
    source=f"{_SOAP} §5",
    grade=STANDARD,
    switchable=False,
    example=Example(f"{BODY}/hl7:id", "2", "1"),
)
VERSION = rule(
    "SOAP-VERSION",
    "namespace of the envelope",
    "l'enveloppe n'est ni SOAP 1.2 ni SOAP 1.1",
    "the envelope is neither SOAP 1.2 nor SOAP 1.1",
    "espace de noms http://www.w3.org/2003/05/soap-envelope",
    "namespace http://www.w3.org/2003/05/soap-envelope",
    source=f"{_SOAP} §5.4.7",
    grade=STANDARD,
    switchable=False,
    kind="transport",
    example=Example(
        "/*[local-name()='Envelope' and namespace-uri()='urn:autre']",
        "urn:autre",
        "http://www.w3.org/2003/05/soap-envelope",
    ),
)
MUST_UNDERSTAND = rule(
    "SOAP-MUST-UNDERSTAND",
    "soap:mustUnderstand",
    "un en-tête SOAP obligatoire n'est pas connu du service",
    "a mandatory SOAP header is not known to the service",
    "retirez l'en-tête, ou son attribut mustUnderstand",
    "remove the header, or its mustUnderstand attribute",
    source=f"{_SOAP} §5.2.3",
    grade=STANDARD,
    switchable=False,
    example=Example(f"{_HEADER}/*[local-name()='Inconnu' and namespace-uri()='urn:autre']", "{urn:autre}Inconnu", ""),
)
OPERATION = rule(
    "SOAP-OPERATION",
    "element in the Body",
    "cette opération n'est pas offerte",
    "this operation is not offered",
    "l'élément du Body décide de l'opération : TD0.2, TD0.3, TD2.1, TD3.1 ou TD3.2",
    "the element in the Body decides which operation it is: TD0.2, TD0.3, TD2.1, TD3.1 or TD3.2",
    source=_SOAP,
    grade=STANDARD,
    switchable=False,
    example=Example(f"{BODY}/hl7:PRPA_IN201311UV02", "{urn:hl7-org:v3}PRPA_IN201311UV02", "an operation of the DMP"),
)
ADDRESSING = rule(
    "SOAP-ADDRESSING",
    "wsa:MessageID, wsa:To, wsa:Action",
    "un en-tête WS-Addressing obligatoire est absent",
    "a mandatory WS-Addressing header is missing",
    "envoyez MessageID, To (vide accepté) et Action dans le Header",
    "send MessageID, To (may be empty) and Action in the Header",
    source="field report, 2026 (Apache CXF text), second hand",
    grade=SOURCED,
    national="A required header representing a Message Addressing Property is not present",
    example=Example(f"{_HEADER}/wsa:To", "", "wsa:To"),
)
ACTION = rule(
    "SOAP-ACTION",
    "wsa:Action",
    "l'Action n'est pas celle de l'opération",
    "the Action is not that of the operation",
    "reprenez l'Action canonique de la transaction",
    "use the canonical Action of the transaction",
    source="GIE SESAM-Vitale samples; the server tolerates others (inferred)",
    grade=INFERRED,
    level=Level.WARN,
    strict=Level.REFUSE,
    needs=("SOAP-ADDRESSING",),
    example=Example(f"{_HEADER}/wsa:Action", "urn:autre", "urn:hl7-org:v3:PRPA_IN201307UV02"),
)
REPLY_TO = rule(
    "SOAP-REPLY-TO",
    "wsa:ReplyTo",
    "l'en-tête ReplyTo est absent ou n'est pas anonyme",
    "the ReplyTo header is missing or not anonymous",
    "ReplyTo/Address = http://www.w3.org/2005/08/addressing/anonymous",
    "ReplyTo/Address = http://www.w3.org/2005/08/addressing/anonymous",
    source="GIE SESAM-Vitale samples; absent from the DRIMbox",
    grade=INFERRED,
    level=Level.OFF,
    strict=Level.WARN,
    example=Example(f"{_HEADER}/wsa:ReplyTo", "", "http://www.w3.org/2005/08/addressing/anonymous"),
)
CERTIFICATE = rule(
    "TLS-CERTIFICATE",
    "client certificate",
    "aucun certificat client sur la connexion TLS",
    "no client certificate on the TLS connection",
    "présentez le certificat d'authentification de la structure (ORG_AUTH_CLI) ou de la carte",
    "present the authentication certificate of the structure (ORG_AUTH_CLI) or of the card",
    source="field report, 2026 (SOAP Fault DMPInvalidCertificate)",
    grade=SOURCED,
    code=BAD_CERTIFICATE,
    kind="transport",
    example=Example("tls:client-certificate", "", "AUTH_CLI"),
)
USAGE = rule(
    "TLS-USAGE",
    "usage of the client certificate",
    "le certificat de connexion n'est pas d'authentification client",
    "the connection's certificate is not for client authentication",
    "présentez le certificat d'authentification (AUTH_CLI), et gardez celui de signature pour le VIHF",
    "present the authentication certificate (AUTH_CLI), and keep the signature one for the VIHF",
    source="field report, 2026 (SOAP Fault DMPInvalidCertificate)",
    grade=SOURCED,
    code=BAD_CERTIFICATE,
    kind="transport",
    needs=("TLS-CERTIFICATE",),
    example=Example("tls:client-certificate", "content_commitment digital_signature", "AUTH_CLI"),
)
CHAIN = rule(
    "TLS-CHAIN",
    "chain of the client certificate",
    "le certificat de connexion n'est pas (ou plus) accepté : autorité inconnue, expiré ou révoqué",
    "the connection's certificate is not (or no longer) accepted: unknown authority, expired or revoked",
    "présentez un certificat valide émis ici (segur-sandbox cert issue) ou par votre autorité de test déclarée",
    "present a valid certificate issued here (segur-sandbox cert issue) or by your declared test authority",
    source="RFC 5280 §6",
    grade=STANDARD,
    code=BAD_CERTIFICATE,
    kind="transport",
    needs=("TLS-CERTIFICATE",),
    example=Example("tls:client-certificate", "revoked", "AUTH_CLI"),
)
WORLD = rule(
    "TLS-WORLD",
    "world of the certificate and world of the declared structure",
    "la structure déclarée appartient à un autre monde que le certificat ; le certificat l'emporte",
    "the declared structure belongs to another world than the certificate; the certificate wins",
    "prenez le certificat de la structure déclarée, ou appelez /w/<monde>/",
    "take the certificate of the declared structure, or call /w/<world>/",
    source=OURS,
    grade=INFERRED,
    national=TOKEN_FAILED,
    level=Level.WARN,
    kind="transport",
    example=Example(simple(names.STRUCTURE), "10B0999009 -> other", "main"),
)


@dataclass(frozen=True)
class Carried:
    """What brought the message: ``contradictions`` are the routing notes ``source:kind=key -> world``."""

    operation: Operation
    soap: SoapRequest
    path: str
    client: CertificateFacts | None
    trust: Trust
    wall: datetime
    world: str
    marks: Mapping[str, object]


_REFUSALS: Final = {"VersionMismatch": VERSION, "MustUnderstand": MUST_UNDERSTAND}


def refusal_of(refused: SoapRefused) -> Finding:
    """The finding of an envelope that cannot be processed."""
    chosen = _REFUSALS.get(refused.code, ENVELOPE)
    expected = "" if chosen is MUST_UNDERSTAND else refused.expected
    return chosen.finding(refused.where, found=refused.found, expected=expected, detail=refused.text_en)


def http(case: Carried) -> Iterator[Finding]:
    """Media type and path: told, tolerated."""
    try:
        essence = parse_media_type(case.soap.content_type).essence
    except ValueError:
        essence = case.soap.content_type
    if essence not in _MEDIA:
        yield MEDIA.finding("header:Content-Type", found=essence, expected="application/soap+xml")
    service = service_of(case.path)
    if service != case.operation.service:
        known = f"one of {', '.join(SERVICES)}" if service is None else service
        yield PATH.finding("path", found=case.path, expected=case.operation.path, service=known)


def addressing(case: Carried) -> Iterator[Finding]:
    """Addressing headers; To may be empty, ReplyTo is only recommended (facts dmp §2.1)."""
    soap = case.soap
    header = _header(soap)
    for name, value in (("MessageID", soap.message_id), ("To", soap.to), ("Action", soap.action)):
        if value is None or (not value and name != "To"):
            yield ADDRESSING.finding(f"{header}/wsa:{name}", found="", expected=f"wsa:{name}")
    if soap.action and soap.action not in (case.operation.action, *case.operation.other_actions):
        yield ACTION.finding(f"{header}/wsa:Action", found=soap.action, expected=case.operation.action)
    anonymous = "http://www.w3.org/2005/08/addressing/anonymous"
    if soap.reply_to != anonymous:
        yield REPLY_TO.finding(f"{header}/wsa:ReplyTo", found=soap.reply_to or "", expected=anonymous)


def _header(soap: SoapRequest) -> str:
    prefix = "soap" if soap.version == "1.2" else "soap11"
    return f"{where(soap.root)}/{prefix}:Header"


def certificate(case: Carried) -> Iterator[Finding]:
    """No certificate, one not meant for TLS, or one that does not stand (settled: answered by a Fault)."""
    client = case.client
    if client is None:
        yield CERTIFICATE.finding("tls:client-certificate", found="", expected="AUTH_CLI")
        return
    reason = chain_verdict(client, case.trust, case.wall, Usage.TLS_CLIENT)
    if reason is ChainReason.WRONG_USAGE:
        usages = " ".join(sorted(client.key_usages or ()))
        yield USAGE.finding("tls:client-certificate", found=usages, expected="AUTH_CLI", subject=client.subject_dn)
    elif reason is not None:
        found = reason.value
        yield CHAIN.finding("tls:client-certificate", found=found, expected="AUTH_CLI", subject=client.subject_dn)


def world(case: Carried) -> Iterator[Finding]:
    """A structure of another world under this world's certificate or address."""
    notes = case.marks.get("contradictions", ())
    for note in notes if isinstance(notes, list) else ():
        declared, arrow, other = str(note).removeprefix("declared:structure=").partition(" -> ")
        if arrow and str(note).startswith("declared:"):
            yield WORLD.finding(simple(names.STRUCTURE), found=f"{declared} -> {other}", expected=case.world)


CHECKS: Final = (http, addressing, certificate, world)
RULES: Final = (
    *(XML, MTOM, MEDIA, PATH, ENVELOPE, VERSION, MUST_UNDERSTAND, OPERATION),
    *(ADDRESSING, ACTION, REPLY_TO, CERTIFICATE, USAGE, CHAIN, WORLD),
)
