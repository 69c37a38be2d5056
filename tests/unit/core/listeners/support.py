"""Certificates, clients and recorders shared by the tests of the listeners. Echo rooms exist here only."""

from __future__ import annotations

import datetime
import queue
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from simulators.core.listeners import HttpListener, Incident, Kind, Limits, WorkerPool

PATIENCE = 10.0
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Issuer:
    """A test authority."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    folder: Path

    @property
    def path(self) -> Path:
        """PEM of the authority."""
        target = self.folder / f"{_common_name(self.certificate)}-ca.pem"
        target.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return target

    def issue(self, name: str, days: tuple[int, int] = (-1, 10)) -> Path:
        """PEM file with certificate and key, for client and server use."""
        certificate, key = _certificate(name, self, days)
        target = self.folder / f"{_common_name(self.certificate)}-{name}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        target.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
        return target

    def revoke(self, *paths: Path) -> Path:
        """PEM of a CRL that lists the given certificates."""
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        builder = builder.last_update(now - DAY).next_update(now + DAY)
        for path in paths:
            serial = x509.load_pem_x509_certificate(path.read_bytes()).serial_number
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - DAY).build()
            builder = builder.add_revoked_certificate(entry)
        target = self.folder / "crl.pem"
        target.write_bytes(builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return target


def make_issuer(name: str, folder: Path) -> Issuer:
    """A self-signed authority."""
    certificate, key = _certificate(name, None, (-2, 20))
    return Issuer(certificate, key, folder)


def _certificate(
    name: str, issuer: Issuer | None, days: tuple[int, int]
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * DAY)
        .not_valid_after(now + days[1] * DAY)
        .add_extension(x509.BasicConstraints(issuer is None, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer is None:
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        return builder.add_extension(usage, critical=True).sign(key, hashes.SHA256()), key
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
    purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    builder = builder.add_extension(authority, critical=False).add_extension(purposes, critical=False)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    return builder.sign(issuer.key, hashes.SHA256()), key


def _common_name(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def server_context(issuer: Issuer, server: Path, crl: Path | None = None) -> ssl.SSLContext:
    """A context that asks for a client certificate and takes none for an answer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(issuer.path)
    if crl is not None:
        context.load_verify_locations(crl)
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


def client_context(issuer: Issuer, certificate: Path | None = None) -> ssl.SSLContext:
    """A context that trusts ``issuer``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(issuer.path)
    if certificate is not None:
        context.load_cert_chain(certificate)
    return context


def connect(port: int) -> socket.socket:
    """A plain connection whose operations fail after ``PATIENCE`` rather than hang the tests."""
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def connect_tls(port: int, context: ssl.SSLContext) -> ssl.SSLSocket:
    """A TLS connection."""
    return context.wrap_socket(connect(port), server_hostname="localhost")


def read_to_end(sock: socket.socket) -> bytes:
    """Everything until the peer closes; a reset ends it too."""
    received = b""
    try:
        while data := sock.recv(65_536):
            received += data
    except (ConnectionError, ssl.SSLError):
        pass
    return received


def read_answer(sock: socket.socket) -> tuple[bytes, bytes]:
    """(head, body) of one answer that bears a Content-Length."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _more(sock)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += _more(sock)
    assert len(body) == length, "octets of another answer"
    return head, body


def _more(sock: socket.socket) -> bytes:
    data = sock.recv(65_536)
    assert data, "the listener closed"
    return data


def get(path: str = "/", *headers: str) -> bytes:
    """A GET request."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode("latin-1")


@dataclass
class Incidents:
    """Collects incidents; ``wait`` blocks until one of the kind has come."""

    queue: queue.SimpleQueue[Incident] = field(default_factory=queue.SimpleQueue)
    seen: list[Incident] = field(default_factory=list)

    def __call__(self, incident: Incident) -> None:
        self.queue.put(incident)

    def wait(self, kind: Kind) -> Incident:
        """The next incident of ``kind``; fails after ``PATIENCE``."""
        while True:
            incident = self.queue.get(timeout=PATIENCE)
            self.seen.append(incident)
            if incident.kind is kind:
                return incident


@contextmanager
def serving(
    app: Callable[..., object],
    limits: Limits,
    tls: Callable[[], ssl.SSLContext] | None = None,
    maximum: int = 4,
    **options: object,
) -> Iterator[tuple[HttpListener, Incidents]]:
    """A listener on a free port with a small pool of its own; leaves no thread behind."""
    incidents = Incidents()
    pool = WorkerPool("test", 1, maximum, idle_seconds=0.5)
    listener = HttpListener("test", "127.0.0.1", 0, app, pool, limits, tls, incidents, **options)  # type: ignore[arg-type]
    listener.start()
    try:
        yield listener, incidents
    finally:
        listener.stop(0.2)
        assert pool.stop(PATIENCE)
