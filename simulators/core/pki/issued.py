"""A certificate with its key and chain, in every file format a product may want."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from simulators.core.pki.files import write_atomic
from simulators.core.pki.keys import key_pem

_PKCS12_ROUNDS = 20_000


def pem_of(certificate: x509.Certificate) -> bytes:
    """Return one certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def fingerprint_of(der: bytes) -> str:
    """Return the routing fingerprint: SHA-256 of the DER bytes, 64 lower-case hexadecimal digits."""
    return hashlib.sha256(der).hexdigest()


def pkcs12_encryption(password: str, *, legacy: bool) -> serialization.KeySerializationEncryption:
    """How a PKCS#12 file is sealed. Raises ValueError for an empty password.

    Modern: PBES2 with AES-256-CBC, MAC SHA-256. ``legacy``: PBE-SHA1-3DES, MAC SHA-1, for Java 8 before update 301 and
    Windows Server 2016.
    """
    if not password:
        raise ValueError("a PKCS#12 file needs a password")
    scheme, digest = (
        (pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC, hashes.SHA1())
        if legacy
        else (pkcs12.PBES.PBESv2SHA256AndAES256CBC, hashes.SHA256())
    )
    return (
        serialization.PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(_PKCS12_ROUNDS)
        .key_cert_algorithm(scheme)
        .hmac_hash(digest)
        .build(password.encode())
    )


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except FileNotFoundError:
        return False


@dataclass(frozen=True)
class IssuedCertificate:
    """One certificate, its private key and its chain: issuing authority, then root."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey = field(repr=False)
    chain: tuple[x509.Certificate, ...]

    @property
    def serial(self) -> int:
        """Serial number."""
        return self.certificate.serial_number

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the DER, lower-case hexadecimal."""
        return fingerprint_of(self.der())

    def der(self) -> bytes:
        """The certificate alone, DER."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def pem(self) -> bytes:
        """The certificate alone, PEM."""
        return pem_of(self.certificate)

    def key_pem(self) -> bytes:
        """The private key, unencrypted PKCS#8 PEM."""
        return key_pem(self.key)

    def chain_pem(self) -> bytes:
        """The issuing authority and the root, without the certificate itself."""
        return b"".join(pem_of(certificate) for certificate in self.chain)

    def presented_pem(self) -> bytes:
        """What a TLS peer sends: the certificate and the issuing authority, without the root."""
        return self.pem() + b"".join(pem_of(certificate) for certificate in self.chain[:-1])

    def pkcs12(self, password: str, *, legacy: bool = False, friendly_name: str = "segur-sandbox") -> bytes:
        """Key, certificate and chain as PKCS#12 (RFC 7292).

        Modern or ``legacy`` as :func:`pkcs12_encryption` says. Raises ValueError for an empty password.
        """
        encryption = pkcs12_encryption(password, legacy=legacy)
        return pkcs12.serialize_key_and_certificates(
            friendly_name.encode(), self.key, self.certificate, list(self.chain), encryption
        )

    def write(self, folder: Path, stem: str, password: str | None = None) -> dict[str, Path]:
        """Write every form as ``folder/stem.*`` and return the paths by form.

        Forms: certificate, key, chain, der; with a ``password`` also pkcs12 and pkcs12_legacy. Files that hold the
        key are 0600. Raises OSError.
        """
        content = {
            "certificate": (".crt.pem", self.pem(), False),
            "key": (".key.pem", self.key_pem(), True),
            "chain": (".chain.pem", self.chain_pem(), False),
            "der": (".cer", self.der(), False),
        }
        if password is not None:
            content["pkcs12"] = (".p12", self.pkcs12(password, friendly_name=stem), True)
            content["pkcs12_legacy"] = (".legacy.p12", self.pkcs12(password, legacy=True, friendly_name=stem), True)
        paths: dict[str, Path] = {}
        for form, (suffix, data, private) in content.items():
            paths[form] = folder / f"{stem}{suffix}"
            if not _holds(paths[form], data):
                write_atomic(paths[form], data, private=private, durable=False)  # the store can write it again
        return paths
