"""The token around its content: who signed it, when, and what SAML asks of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from simulators.core.clock import parse_instant
from simulators.core.pki import ChainReason, Comparison, DnError, Usage, same_dn
from simulators.core.rules import Example, Finding, Level
from simulators.dmp.presented import Presented
from simulators.dmp.rules.making import (
    ASSERTION,
    BAD_CERTIFICATE,
    BAD_TOKEN,
    INFERRED,
    OURS,
    SAMPLES,
    SOURCED,
    STANDARD,
    TOKEN_FAILED,
    VIHF_MAPPING,
    WSS,
    rule,
)
from simulators.dmp.rules.seal import KEY

X509_SUBJECT = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"
SKEW = timedelta(seconds=60)
LIFE = timedelta(hours=8)
AHEAD = timedelta(minutes=5)

SIGNER_USAGE = rule(
    "SIGN-USAGE",
    "key usage of the signing certificate",
    "le VIHF est signé avec un certificat qui n'est pas de signature (usage contentCommitment absent)",
    "the VIHF is signed with a certificate that is not for signature (no contentCommitment key usage)",
    "signez avec le certificat de signature (ORG_SIGN, « cachet ») et non avec celui d'authentification",
    "sign with the signature certificate (ORG_SIGN, seal), not with the authentication one",
    source="field report, 2026 (SOAP Fault DMPInvalidCertificate)",
    grade=SOURCED,
    code=BAD_CERTIFICATE,
    national="Le certificat ayant signé le VIHF est invalide : Not a valid signature certificate",
    kind="state",
    example=Example(KEY, "digital_signature", "content_commitment"),
)
SIGNER_FOREIGN = rule(
    "SIGN-FOREIGN",
    "issuer of the signing certificate",
    "le certificat de signature n'a pas été émis par une autorité connue de ce bac à sable",
    "no authority known to this sandbox issued the signing certificate",
    "signez avec un certificat émis ici (segur-sandbox cert issue) ou déclarez votre autorité de test",
    "sign with a certificate issued here (segur-sandbox cert issue) or declare your own test authority",
    source=WSS,
    grade=STANDARD,
    code=BAD_CERTIFICATE,
    national=TOKEN_FAILED,
    kind="state",
    example=Example(KEY, "foreign-issuer", "an authority of this sandbox"),
)
SIGNER_DATES = rule(
    "SIGN-DATES",
    "validity of the signing certificate",
    "le certificat de signature est expiré ou pas encore valide",
    "the signing certificate has expired or is not valid yet",
    "renouvelez le certificat de signature, ou remettez l'horloge à l'heure",
    "renew the signature certificate, or set the clock right",
    source=WSS,
    grade=STANDARD,
    code=BAD_CERTIFICATE,
    national=TOKEN_FAILED,
    kind="state",
    example=Example(KEY, "expired", "valid now"),
)
SIGNER_REVOKED = rule(
    "SIGN-REVOKED",
    "revocation of the signing certificate",
    "le certificat de signature est révoqué",
    "the signing certificate is revoked",
    "faites émettre un autre certificat de signature",
    "have another signature certificate issued",
    source=WSS,
    grade=STANDARD,
    code=BAD_CERTIFICATE,
    national=TOKEN_FAILED,
    kind="state",
    example=Example(KEY, "revoked", "not on the CRL"),
)
ISSUER = rule(
    "VIHF-ISSUER",
    "saml2:Issuer",
    "l'émetteur (Issuer) n'est pas le sujet du certificat qui a signé",
    "the Issuer is not the subject of the certificate that signed",
    "recopiez dans Issuer le nom distinctif (DN) du certificat de signature",
    "copy the distinguished name (DN) of the signature certificate into Issuer",
    source=SAMPLES,
    grade=INFERRED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    level=Level.WARN,
    strict=Level.REFUSE,
    needs=("SIGN-FOREIGN",),
    example=Example(
        f"{ASSERTION}/saml2:Issuer",
        "CN=UN AUTRE,C=FR",
        "CN=SIMULATION CENTRE FICTIF,OU=10B0999009,O=SIMULATION CENTRE FICTIF,O=SIMULATION SEGUR SANDBOX,C=FR",
    ),
)
ISSUER_CHARS = rule(
    "VIHF-ISSUER-CHARS",
    "characters of saml2:Issuer",
    "des caractères accentués de l'émetteur (Issuer) ont été perdus",
    "accented characters of the Issuer were lost",
    "écrivez l'assertion en UTF-8 de bout en bout",
    "write the assertion in UTF-8 from end to end",
    source=SAMPLES,
    grade=INFERRED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    level=Level.WARN,
    kind="state",
    example=Example(
        f"{ASSERTION}/saml2:Issuer",
        "CN=SIMULATION H?PITAL,OU=10B0999009,O=SIMULATION H?PITAL,O=SIMULATION SEGUR SANDBOX,C=FR",
        "CN=SIMULATION HÔPITAL,OU=10B0999009,O=SIMULATION HÔPITAL,O=SIMULATION SEGUR SANDBOX,C=FR",
    ),
)
ISSUER_FORMAT = rule(
    "VIHF-ISSUER-FORMAT",
    "saml2:Issuer/@Format",
    "le format de l'émetteur n'est pas X509SubjectName",
    "the format of the Issuer is not X509SubjectName",
    f'Format="{X509_SUBJECT}"',
    f'Format="{X509_SUBJECT}"',
    source=VIHF_MAPPING,
    grade=INFERRED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    level=Level.WARN,
    example=Example(
        f"{ASSERTION}/saml2:Issuer/@Format", "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified", X509_SUBJECT
    ),
)
INSTANT = rule(
    "VIHF-INSTANT",
    "instants of the assertion",
    "un instant de l'assertion est absent ou n'est pas une date xs:dateTime avec fuseau",
    "an instant of the assertion is missing or is no xs:dateTime with a zone",
    "écrivez les instants en UTC, par exemple 2026-01-05T08:30:00.000Z",
    "write instants in UTC, for example 2026-01-05T08:30:00.000Z",
    source="OASIS SAML 2.0 core §1.3.3",
    grade=STANDARD,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    example=Example(f"{ASSERTION}/@IssueInstant", "05/01/2026 08:30", "xs:dateTime with a zone"),
)
AGE = rule(
    "VIHF-AGE",
    "saml2:Assertion/@IssueInstant",
    "l'assertion a été émise il y a plus de 8 heures, ou dans le futur de plus de 5 minutes",
    "the assertion was issued more than 8 hours ago, or more than 5 minutes in the future",
    "émettez un VIHF par session d'au plus 8 heures et synchronisez l'horloge (au moins toutes les 24 h)",
    "issue a VIHF per session of 8 hours at most and synchronise the clock (every 24 h at least)",
    source=OURS,
    grade=INFERRED,
    code="wsse:MessageExpired",
    national=TOKEN_FAILED,
    level=Level.WARN,
    strict=Level.REFUSE,
    needs=("VIHF-INSTANT",),
    example=Example(f"{ASSERTION}/@IssueInstant", "2026-01-04T08:30:00.000Z", "within 8 hours of now"),
)
EXPIRED = rule(
    "VIHF-EXPIRED",
    "saml2:Conditions/@NotOnOrAfter",
    "l'assertion est périmée (NotOnOrAfter est passé)",
    "the assertion has expired (NotOnOrAfter is past)",
    "émettez un nouveau VIHF, ou retirez Conditions",
    "issue a new VIHF, or remove Conditions",
    source="OASIS SAML 2.0 core §2.5.1.2",
    grade=STANDARD,
    code="wsse:MessageExpired",
    national=TOKEN_FAILED,
    needs=("VIHF-INSTANT",),
    example=Example(f"{ASSERTION}/saml2:Conditions/@NotOnOrAfter", "2026-01-05T08:00:00.000Z", "after now"),
)
NOT_YET = rule(
    "VIHF-NOT-YET",
    "saml2:Conditions/@NotBefore",
    "l'assertion n'est pas encore valide (NotBefore est à venir)",
    "the assertion is not valid yet (NotBefore is to come)",
    "synchronisez l'horloge du logiciel (au moins toutes les 24 h), ou retirez Conditions",
    "synchronise the software's clock (every 24 h at least), or remove Conditions",
    source="OASIS SAML 2.0 core §2.5.1.2",
    grade=STANDARD,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    needs=("VIHF-INSTANT",),
    example=Example(f"{ASSERTION}/saml2:Conditions/@NotBefore", "2026-01-05T12:00:00.000Z", "before now"),
)
AUDIENCE = rule(
    "VIHF-AUDIENCE",
    "saml2:AudienceRestriction",
    "AudienceRestriction ne doit pas être renseigné",
    "AudienceRestriction must not be filled",
    "retirez AudienceRestriction de Conditions",
    "remove AudienceRestriction from Conditions",
    source=VIHF_MAPPING,
    grade=SOURCED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example(f"{ASSERTION}/saml2:Conditions/saml2:AudienceRestriction", "urn:dmp", "absent"),
)
SAML_VERSION = rule(
    "VIHF-SAML-VERSION",
    "saml2:Assertion/@Version",
    "l'assertion n'est pas une assertion SAML 2.0",
    "the assertion is no SAML 2.0 assertion",
    'Version="2.0"',
    'Version="2.0"',
    source="OASIS SAML 2.0 core §2.3.3",
    grade=STANDARD,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    example=Example(f"{ASSERTION}/@Version", "1.1", "2.0"),
)
REPLAY = rule(
    "VIHF-REPLAY",
    "saml2:Assertion/@ID",
    "cette assertion a déjà servi",
    "this assertion has already been used",
    "émettez un VIHF d'identifiant neuf",
    "issue a VIHF with a fresh identifier",
    source=OURS,
    grade=INFERRED,
    code=BAD_TOKEN,
    national=TOKEN_FAILED,
    level=Level.OFF,
    kind="state",
    example=Example(f"{ASSERTION}/@ID", "_00000000-0000-4000-8000-000000000003", "an ID never seen in this world"),
)


def signer_chain(case: Presented) -> Iterator[Finding]:
    """Who issued the signing certificate, and whether it still stands."""
    chosen = {
        ChainReason.FOREIGN_ISSUER: (SIGNER_FOREIGN, "an authority of this sandbox"),
        ChainReason.BAD_SIGNATURE: (SIGNER_FOREIGN, "an authority of this sandbox"),
        ChainReason.EXPIRED: (SIGNER_DATES, "valid now"),
        ChainReason.NOT_YET_VALID: (SIGNER_DATES, "valid now"),
        ChainReason.REVOKED: (SIGNER_REVOKED, "not on the CRL"),
    }
    if case.chain in chosen:
        found, expected = chosen[case.chain]
        yield found.finding(case.signer_at, found=case.chain.value, expected=expected, subject=case.signer.subject_dn)


def signer_usage(case: Presented) -> Iterator[Finding]:
    """A signature certificate has contentCommitment; its CN never counts (facts dmp-messages §12.2)."""
    if not case.signer.suits(Usage.SIGNATURE):
        usages = " ".join(sorted(case.signer.key_usages or ()))
        yield SIGNER_USAGE.finding(
            case.signer_at, found=usages, expected="content_commitment", subject=case.signer.subject_dn
        )


def issuer(case: Presented) -> Iterator[Finding]:
    """The Issuer against the DN of the certificate; the identity is always taken from the certificate."""
    written, actual = case.vihf.get("Issuer"), case.signer.subject_dn
    if not written:
        return
    try:
        same = same_dn(written, actual)
    except DnError:
        same = Comparison.DIFFERENT
    if same is not Comparison.SAME:
        chosen = ISSUER if same is Comparison.DIFFERENT else ISSUER_CHARS
        yield chosen.finding(case.vihf.where("Issuer"), found=written, expected=actual)
    written = case.vihf.get("Format")
    if written != X509_SUBJECT:
        yield ISSUER_FORMAT.finding(case.vihf.where("Format"), found=written, expected=X509_SUBJECT)


def instants(case: Presented) -> Iterator[Finding]:
    """Every instant can be read; IssueInstant is mandatory."""
    for name in ("IssueInstant", "NotBefore", "NotOnOrAfter", "AuthnInstant"):
        written = case.vihf.get(name)
        if (written or name == "IssueInstant") and not _zoned(written):
            yield INSTANT.finding(case.vihf.where(name), found=written, expected="xs:dateTime with a zone")


def life(case: Presented) -> Iterator[Finding]:
    """Age and Conditions, against wire time."""
    vihf = case.vihf
    issued = vihf.get("IssueInstant")
    if _zoned(issued) and not case.now - LIFE <= parse_instant(issued) <= case.now + AHEAD:
        yield AGE.finding(vihf.where("IssueInstant"), found=issued, expected="within 8 hours of now")
    until, since = vihf.get("NotOnOrAfter"), vihf.get("NotBefore")
    if _zoned(until) and parse_instant(until) + SKEW <= case.now:
        yield EXPIRED.finding(vihf.where("NotOnOrAfter"), found=until, expected="after now")
    if _zoned(since) and parse_instant(since) - SKEW > case.now:
        yield NOT_YET.finding(vihf.where("NotBefore"), found=since, expected="before now")


def saml(case: Presented) -> Iterator[Finding]:
    """What SAML itself asks, and what the VIHF takes away from it."""
    vihf = case.vihf
    if vihf.get("Version") != "2.0":
        yield SAML_VERSION.finding(vihf.where("Version"), found=vihf.get("Version"), expected="2.0")
    if vihf.get("AudienceRestriction"):
        place = vihf.where("AudienceRestriction")
        yield AUDIENCE.finding(place, found=vihf.get("AudienceRestriction"), expected="absent")
    if case.seen_before:
        yield REPLAY.finding(vihf.where("ID"), found=vihf.get("ID"), expected="an ID never seen in this world")


def _zoned(written: str) -> bool:
    """xs:dateTime with a zone; what Python reads besides (week dates, spaces) is refused."""
    if "T" not in written or "W" in written or not (written.endswith("Z") or written[-6:-5] in {"+", "-"}):
        return False
    try:
        parse_instant(written)
    except ValueError:
        return False
    return True


CHECKS: Final = (signer_chain, signer_usage, issuer, saml, instants, life)
RULES: Final = (
    *(SIGNER_USAGE, SIGNER_FOREIGN, SIGNER_DATES, SIGNER_REVOKED),
    *(ISSUER, ISSUER_CHARS, ISSUER_FORMAT, INSTANT, AGE, EXPIRED, NOT_YET, AUDIENCE, SAML_VERSION, REPLAY),
)
