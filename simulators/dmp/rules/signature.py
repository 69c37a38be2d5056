"""The signature of the lot: present, over the documents of the lot, by the structure that feeds.

No published evidence says that the DMP verifies it, and published material breaks most of these checks: all warn, and
refuse in the strict profile (facts dmp-messages §6.2). Digests go to the facts, not to the wire: they depend on keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from simulators.core.pki import ANY_STRUCTURE, Usage, identified
from simulators.core.rules import Example, Finding, Level
from simulators.dmp.certificate import holder_of
from simulators.dmp.rules.lot_making import LIST, REPOSITORY, SEAL, SIGNATURE, classified, lot_rule
from simulators.dmp.rules.making import INFERRED
from simulators.dmp.submission import Deposit, Submission
from simulators.documents.signature import LotSignature, document_digests
from simulators.documents.xds import schemes
from simulators.documents.xds.lot import SIGNATURE_CONFIDENTIALITY
from simulators.documents.xds.model import Code, DocumentEntry

_DS: Final = f"{SEAL}#/ds:Signature"
_MANIFEST: Final = f"{_DS}/ds:Object[2]/ds:Manifest"
_KEY: Final = f"{_DS}/ds:KeyInfo/ds:X509Data/ds:X509Certificate"
_EVIDENCE: Final = "GIE SESAM-Vitale, messages d'exemple DMP v1.0.1; whether the server verifies is unknown"

_rule = partial(lot_rule, source=_EVIDENCE, grade=INFERRED, code=REPOSITORY, level=Level.WARN, strict=Level.REFUSE)

ABSENT = _rule(
    "SIGNATURE-ABSENT",
    "signature entry of the lot",
    "le lot n'est pas signé",
    "the lot is not signed",
    "ajoutez la fiche de signature (classCode Digital Signature) et le document XAdES du lot",
    "add the signature entry (classCode Digital Signature) and the XAdES document of the lot",
    example=Example(LIST, "0", "a signature entry"),
)
SEVERAL = _rule(
    "SIGNATURE-SEVERAL",
    "signature entries of the lot",
    "le lot a plusieurs fiches de signature",
    "the lot has several signature entries",
    "une seule signature par lot",
    "one signature for each lot",
    example=Example(f"{LIST}/rim:ExtrinsicObject[3]", "Signature02", "one signature entry"),
)
LINK = _rule(
    "SIGNATURE-LINK",
    "signs association",
    "aucune association signs ne relie la signature au SubmissionSet",
    "no signs association ties the signature to the SubmissionSet",
    f"ajoutez une Association {schemes.SIGNS} de la fiche de signature vers le SubmissionSet",
    f"add an Association {schemes.SIGNS} from the signature entry to the SubmissionSet",
    needs=("ASSOCIATION", "ASSOCIATION-TYPE"),
    example=Example(LIST, "", "signs from Signature01 to SubmissionSet01"),
)
ENTRY_CODES = _rule(
    "SIGNATURE-ENTRY",
    "metadata of the signature entry",
    "la fiche de signature n'a pas les métadonnées prévues",
    "the signature entry does not have the metadata laid down",
    "reprenez les codes prévus : type E1762, format xmldsig#, langue art, N + MASQUE_PS + INVISIBLE_PATIENT...",
    "use the codes laid down: type E1762, format xmldsig#, language art, N + MASQUE_PS + INVISIBLE_PATIENT...",
    example=Example(f"{classified(schemes.ENTRY_TYPE, SIGNATURE)}/@nodeRepresentation", "E1763^^ASTM", "E1762^^ASTM"),
)
NOT_SIGNED = _rule(
    "SIGNATURE-MANIFEST",
    "references of the manifest",
    "le manifeste ne référence pas un objet du lot",
    "the manifest does not refer to an object of the lot",
    "une Reference URI=urn:oid:<uniqueId> pour le SubmissionSet, puis une par document",
    "one Reference URI=urn:oid:<uniqueId> for the SubmissionSet, then one for each document",
    needs=("CDA-ID", "UNIQUE-ID"),
    example=Example(_MANIFEST, "", "urn:oid:1.2.250.1.999.9.1.1.1"),
)
FOREIGN = _rule(
    "SIGNATURE-FOREIGN",
    "references of the manifest",
    "le manifeste référence un objet qui n'est pas dans le lot",
    "the manifest refers to an object that is not in the lot",
    "ne référencez que le SubmissionSet et les documents du lot",
    "refer to the SubmissionSet and the documents of the lot only",
    needs=("CDA-ID", "UNIQUE-ID", "SIGNATURE-MANIFEST"),
    example=Example(f"{_MANIFEST}/ds:Reference[3]", "urn:oid:1.2.250.1.999.9.1.2.9", "an object of the lot"),
)
DIGEST = _rule(
    "SIGNATURE-DIGEST",
    "digest of a document in the manifest",
    "l'empreinte du document dans le manifeste n'est pas celle du document reçu",
    "the digest of the document in the manifest is not that of the document received",
    "SHA-1 ou SHA-256 de la forme canonique (C14N avec commentaires) du CDA envoyé, ou de ses octets",
    "SHA-1 or SHA-256 of the canonical form (C14N with comments) of the CDA sent, or of its bytes",
    needs=("HASH", "CDA", "HOSTILE"),
    example=Example(f"{_MANIFEST}/ds:Reference[2]/ds:DigestValue", "", "the digest of the document received"),
)
INTERNAL = _rule(
    "SIGNATURE-REFERENCE",
    "references of SignedInfo",
    "une référence de SignedInfo ne tient pas",
    "a reference of SignedInfo does not hold",
    "calculez les empreintes de IHEManifest et de S0-SignedProperties en dernier, dans le document tel qu'il part",
    "compute the digests of IHEManifest and S0-SignedProperties last, in the document as it leaves",
    needs=("SIGNATURE-MANIFEST", "SIGNATURE-FOREIGN", "SIGNATURE-DIGEST"),
    example=Example(
        f"{_DS}/ds:SignedInfo/ds:Reference[1]/ds:DigestValue", "#IHEManifest", "the digest of the element referred to"
    ),
)
CERTIFICATE = _rule(
    "SIGNATURE-CERTIFICATE",
    "certificate of the signer of the lot",
    "le certificat du signataire du lot est absent ou illisible",
    "the certificate of the signer of the lot is missing or unreadable",
    "placez le certificat de signature (DER, base64) dans KeyInfo/X509Data/X509Certificate",
    "put the signature certificate (DER, base64) in KeyInfo/X509Data/X509Certificate",
    example=Example(_KEY, "", "X.509 DER, base64"),
)
VALUE = _rule(
    "SIGNATURE-VALUE",
    "SignatureValue of the lot",
    "la valeur de signature du lot n'est pas celle de la clé du certificat joint",
    "the signature value of the lot was not made by the key of the enclosed certificate",
    "signez en dernier la forme canonique de SignedInfo, et ne le réécrivez plus",
    "sign the canonical form of SignedInfo last, and do not rewrite it afterwards",
    needs=("SIGNATURE-REFERENCE", "SIGNATURE-CERTIFICATE"),
    example=Example(f"{_DS}/ds:SignatureValue", "", "the value made by the key of X509Certificate"),
)
USAGE = _rule(
    "SIGNATURE-USAGE",
    "key usage of the signer of the lot",
    "le lot est signé avec un certificat qui n'est pas de signature (usage contentCommitment absent)",
    "the lot is signed with a certificate that is not for signature (no contentCommitment key usage)",
    "signez avec le certificat de signature (ORG_SIGN, « cachet »)",
    "sign with the signature certificate (ORG_SIGN, seal)",
    kind="state",
    needs=("SIGNATURE-CERTIFICATE",),
    example=Example(_KEY, "digital_signature", "content_commitment"),
)
HOLDER = _rule(
    "SIGNATURE-HOLDER",
    "holder of the certificate that signed the lot",
    "le lot est signé par une autre structure que celle du VIHF",
    "the lot is signed by another structure than that of the VIHF",
    "signez avec le certificat de la structure du VIHF, de son entité juridique, ou du professionnel du VIHF",
    "sign with the certificate of the structure of the VIHF, of its legal entity, or of the professional of the VIHF",
    kind="state",
    needs=("SIGNATURE-CERTIFICATE",),
    example=Example(_KEY, "10B0999025", "10B0999009"),
)
CERT_DIGEST = _rule(
    "SIGNATURE-CERT-DIGEST",
    "SigningCertificate",
    "SigningCertificate ne désigne pas le certificat du signataire",
    "SigningCertificate does not name the certificate of the signer",
    "CertDigest est l'empreinte du certificat placé dans KeyInfo (DER)",
    "CertDigest is the digest of the certificate in KeyInfo (DER)",
    kind="state",
    needs=("SIGNATURE-CERTIFICATE", "SIGNATURE-REFERENCE", "SIGNATURE-MANIFEST", "SIGNATURE-DIGEST"),
    example=Example(_DS, "", "CertDigest of the certificate in KeyInfo"),
)
XADES = lot_rule(
    "SIGNATURE-XADES",
    "purpose and instant of the signature",
    "la signature du lot n'a pas la raison ou l'instant attendu",
    "the signature of the lot does not have the purpose or instant expected",
    f"SignatureProperty = {schemes.SIGNATURE_PURPOSE} ; SigningTime avec fuseau",
    f"SignatureProperty = {schemes.SIGNATURE_PURPOSE}; SigningTime with a zone",
    source=_EVIDENCE,
    grade=INFERRED,
    code=REPOSITORY,
    level=Level.OFF,
    strict=Level.WARN,
    example=Example(
        f"{_DS}/ds:Object/ds:SignatureProperties/ds:SignatureProperty",
        "1.2.840.10065.1.12.1.1",
        schemes.SIGNATURE_PURPOSE,
    ),
)

_CODES: Final = (
    ("classCode", "class_code", Code(schemes.SIGNATURE_CLASS, "URN")),
    ("typeCode", "type_code", Code(schemes.SIGNATURE_TYPE, "ASTM")),
    ("formatCode", "format_code", Code(schemes.SIGNATURE_FORMAT, "URN")),
)


def presence(case: Submission) -> Iterator[Finding]:
    """One signature entry, tied to the set, with its own metadata."""
    if not case.signatures:
        yield ABSENT.finding(case.lot.where(), found="0", expected="a signature entry")
        return
    for other in case.signatures[1:]:
        yield SEVERAL.finding(other.entry.where(), found=other.entry.entry_id, expected="one signature entry")
    entry = case.signatures[0].entry
    ends = (entry.entry_id, case.set.entry_id)
    if not any((a.source_object, a.target_object) == ends for a in case.lot.associations_of(schemes.SIGNS)):
        expected = f"signs from {entry.entry_id} to {case.set.entry_id}"
        yield LINK.finding(case.lot.where(), found="", expected=expected)
    yield from _metadata(entry)


def _metadata(entry: DocumentEntry) -> Iterator[Finding]:
    for name, field, wanted in _CODES:
        code: Code | None = getattr(entry, field)
        if code is not None and not code.same(wanted):
            yield ENTRY_CODES.finding(entry.where(name, "code"), found=_told(code), expected=_told(wanted))
    held = {code.code for code in entry.confidentiality_codes}
    missing = [code.code for code in SIGNATURE_CONFIDENTIALITY if code.code not in held]
    if missing:
        place = entry.where("confidentialityCode", "code")
        yield ENTRY_CODES.finding(place, found=" ".join(sorted(held)), expected=" ".join(missing))
    purposes = [code.code for code in entry.event_codes]
    if schemes.SIGNATURE_PURPOSE not in purposes:
        place = entry.where("eventCodeList", "code")
        yield ENTRY_CODES.finding(place, found=" ".join(purposes), expected=schemes.SIGNATURE_PURPOSE)
    for name, text, expected in (("languageCode", entry.language, "art"), ("mimeType", entry.mime_type, "text/xml")):
        if text and text != expected:
            yield ENTRY_CODES.finding(entry.where(name), found=text, expected=expected)


def manifest(case: Submission) -> Iterator[Finding]:
    """The set and every document, nothing else, with the right digests."""
    for seal, signature in _read(case):
        wanted: dict[str | None, Deposit | None] = {d.entry.unique_id: d for d in case.documents}
        wanted[case.set.unique_id] = None
        for unique_id in wanted:
            if unique_id and signature.reference_to(unique_id) is None:
                place, expected = seal.inside(signature.manifest_where), f"urn:oid:{unique_id}"
                yield NOT_SIGNED.finding(place, found="", expected=expected)
        for reference in signature.manifest:
            place = seal.inside(reference.where)
            if reference.unique_id not in wanted:
                yield FOREIGN.finding(place, found=reference.uri, expected="an object of the lot")
                continue
            deposit = wanted[reference.unique_id]
            if deposit is None or deposit.sent is None:
                continue
            if not reference.matches(document_digests(deposit.sent.data)):
                expected = "the digest of the document received"
                place = f"{place}/ds:DigestValue"
                yield DIGEST.finding(place, found="", expected=expected, written=reference.digest.hex())


def value(case: Submission) -> Iterator[Finding]:
    """Internal references, then the certificate, then the RSA value."""
    for seal, signature in _read(case):
        expected = "the digest of the element referred to"
        broken = [reference for reference in signature.references if not reference.holds]
        for reference in broken:
            place = seal.inside(f"{reference.where}/ds:DigestValue")
            yield INTERNAL.finding(place, found=reference.uri, expected=expected)
        if not broken and not signature.manifest_signed:
            yield INTERNAL.finding(seal.inside(signature.manifest_where), found="", expected=expected)
        if signature.certificate is None:
            yield CERTIFICATE.finding(seal.inside(signature.certificate_where), expected="X.509 DER, base64")
        if signature.value.ok is not True:
            place, expected = seal.inside(signature.value.where), "the value made by the key of X509Certificate"
            yield VALUE.finding(place, found="", expected=expected, problem=signature.value.problem)


def signer(case: Submission) -> Iterator[Finding]:
    """A signature certificate, of the structure (or professional) that feeds, and named by XAdES."""
    legal = case.parties.structure.legal_entity
    served = {case.vihf.structure, legal.value if legal else "", ANY_STRUCTURE, case.vihf.professional} - {""}
    for seal, signature in _read(case):
        place = seal.inside(signature.certificate_where)
        if signature.certificate is not None:
            if not signature.certificate.suits(Usage.SIGNATURE):
                usages = " ".join(sorted(signature.certificate.key_usages or ()))
                yield USAGE.finding(place, found=usages, expected="content_commitment")
            holder = holder_of(identified(signature.certificate, case.subjects)).identifier
            if holder not in served:
                yield HOLDER.finding(place, found=holder, expected=case.vihf.structure)
        if not any(cert.of_signer for cert in signature.certificate_digests):
            named = next((cert.where for cert in signature.certificate_digests), signature.where)
            expected = "CertDigest of the certificate in KeyInfo"
            yield CERT_DIGEST.finding(seal.inside(named), found="", expected=expected)
        if signature.purpose != schemes.SIGNATURE_PURPOSE:
            place = seal.inside(f"{signature.where}/ds:Object/ds:SignatureProperties/ds:SignatureProperty")
            expected = schemes.SIGNATURE_PURPOSE
            yield XADES.finding(place, found=signature.purpose, expected=expected)
        if signature.signing_time is None:
            yield XADES.finding(seal.inside(signature.where), found="", expected="SigningTime with a zone")


def _read(case: Submission) -> Iterator[tuple[Deposit, LotSignature]]:
    for deposit in case.signatures[:1]:
        if deposit.signature is not None:
            yield deposit, deposit.signature


def _told(code: Code) -> str:
    return f"{code.code}^^{code.system}"


CHECKS: Final = (presence, manifest, value, signer)
RULES: Final = (
    *(ABSENT, SEVERAL, LINK, ENTRY_CODES, NOT_SIGNED, FOREIGN, DIGEST, INTERNAL, CERTIFICATE, VALUE),
    *(USAGE, HOLDER, CERT_DIGEST, XADES),
)
