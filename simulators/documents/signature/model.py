"""What a lot signature says, as facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from simulators.core.pki import CertificateFacts
from simulators.documents.signature.digests import DigestForm
from simulators.documents.signature.names import NOT_DIGESTED

_OID = "urn:oid:"


@dataclass(frozen=True, slots=True)
class ManifestReference:
    """One reference of the manifest. ``digest`` is empty when it is no base64; algorithms are URIs as written."""

    uri: str
    digest_method: str
    digest: bytes
    transforms: tuple[str, ...]
    where: str = field(compare=False, default="")

    @property
    def unique_id(self) -> str:
        """The identifier referenced, without ``urn:oid:``."""
        return self.uri.removeprefix(_OID)

    @property
    def not_digested(self) -> bool:
        """The conventional ``AA==`` of the submission set."""
        return self.digest == NOT_DIGESTED

    def matches(self, digests: Mapping[DigestForm, bytes]) -> tuple[DigestForm, ...]:
        """The forms under which the digest is that of the document (see ``document_digests``); none if it is not."""
        return tuple(form for form, value in digests.items() if value == self.digest)


@dataclass(frozen=True, slots=True)
class InternalReference:
    """A reference of SignedInfo. ``matches`` names the canonicalisations under which its digest holds."""

    uri: str
    type: str
    digest_method: str
    resolved: bool
    matches: tuple[str, ...]
    where: str = field(compare=False, default="")

    @property
    def holds(self) -> bool:
        return bool(self.matches)


@dataclass(frozen=True, slots=True)
class SignatureValue:
    """The RSA value. ``ok`` is ``None`` when it could not be computed; ``problem`` then says why."""

    ok: bool | None
    problem: str
    where: str = field(compare=False, default="")


@dataclass(frozen=True, slots=True)
class CertificateDigest:
    """A XAdES ``Cert``. ``of_signer``: its digest is that of the KeyInfo certificate."""

    digest_method: str
    digest: bytes
    issuer: str
    serial: str
    of_signer: bool
    where: str = field(compare=False, default="")


@dataclass(frozen=True)
class LotSignature:
    """A whole signature document.

    ``manifest_signed``: the manifest read is the element a SignedInfo reference points at, and that
    digest holds; without it the manifest proves nothing. ``certificate`` is the first of KeyInfo,
    ``None`` when absent or unreadable; ``signing_time`` is ``None`` when absent or without offset.
    """

    id: str
    canonicalization: str
    signature_method: str
    references: tuple[InternalReference, ...]
    manifest: tuple[ManifestReference, ...]
    manifest_signed: bool
    value: SignatureValue
    certificate: CertificateFacts | None
    certificate_digests: tuple[CertificateDigest, ...]
    purpose: str
    signing_time: datetime | None
    where: str
    manifest_where: str
    certificate_where: str

    def reference_to(self, unique_id: str) -> ManifestReference | None:
        """The manifest's reference to a submission set or document."""
        return next((reference for reference in self.manifest if reference.unique_id == unique_id), None)
