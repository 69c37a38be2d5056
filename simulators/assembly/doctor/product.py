"""The other direction: can the sandbox reach the product's own endpoints (callbacks, HL7 and mail ports)?

Only what a user named is called, never a national domain (:mod:`simulators.clients.outbound`). Nothing is sent but a
GET without effect; an HL7 port is connected to and left, a mail port is greeted.
"""

from __future__ import annotations

import http.client
import re
import smtplib
import ssl
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from cryptography import x509

from simulators.assembly.doctor import probe
from simulators.assembly.doctor.model import Check, green, grey, red
from simulators.assembly.doctor.tls_words import handshake_words
from simulators.clients.outbound import ALLOWED_HOSTS, OutboundDenied, check_call, check_host
from simulators.core.pki import UNREADABLE
from simulators.core.rules import Policy, Text
from simulators.core.setting import Setting

ENDPOINTS = Setting("product.endpoints", "", "URLs of the product that doctor looks at, separated by spaces or commas")
SKEW = timedelta(seconds=30)
SOON = timedelta(days=30)
_URL = re.compile(r"[!-~]{1,2000}")
_THERE = frozenset({400, 401, 403, 405, 406, 415, 422, 426})
_CLOCK = Text(
    "mettez les deux machines à l'heure (NTP) : les jetons et les certificats se jugent à l'horloge",
    "set both machines' clocks (NTP): tokens and certificates are judged by the clock",
)


def endpoint(text: str) -> SplitResult:
    """A product's URL: http(s)://, mllp(s):// or smtp(s):// and a host. Raises ``ValueError`` in plain words."""
    try:
        url = urlsplit(text) if _URL.fullmatch(text) else None
        known = url is not None and url.scheme in probe.PORTS and url.hostname and (url.port is None or url.port > 0)
    except ValueError:
        url, known = None, False
    if url is None or not known:
        raise ValueError(f"product {text[:100]!r}: expected {', '.join(f'{s}://' for s in probe.PORTS)} HOST[:PORT]")
    return url


def declared(text: str) -> list[str]:
    """The URLs of the setting :data:`ENDPOINTS`."""
    return [part for part in re.split(r"[\s,]+", text) if part]


def look(number: int, url: SplitResult, roots: str, now: datetime) -> Iterator[Check]:
    """Every check of one endpoint, stopping where the next could say nothing. ``roots`` are the authorities trusted
    besides the system's (PEM), ``now`` the sandbox's wall clock. The user named the host by asking."""
    at = f"product{number}"
    host, port = probe.place(url)
    try:
        check_host(host, [host])
        with probe.connected(host, port):
            pass
    except OutboundDenied as denied:
        yield red(f"{at}.guard", Text(f"{host} : domaine national, jamais appelé", str(denied)), _NATIONAL)
    except OSError as problem:
        said = probe.network_reason(problem)
        yield red(f"{at}.tcp", Text(f"{host}:{port} : {said.fr}", f"{host}:{port}: {said.en}"), _REACH)
    else:
        yield green(f"{at}.tcp", f"{host}:{port} accepte la connexion", f"{host}:{port} accepts the connection")
        looking = {"http": _http, "https": _https, "mllps": _secured, "smtp": _mail, "smtps": _secured}
        if url.scheme in looking:
            yield from looking[url.scheme](at, url, roots, now)


def allowed(number: int, url: SplitResult, policy: Policy, hosts: Collection[str]) -> Iterator[Check]:
    """Whether the sandbox would call this host by itself too; ``hosts`` are those that every world may call."""
    host, _ = probe.place(url)
    try:
        check_host(host, [host])
    except OutboundDenied:
        return  # a national domain: the guard has a light of its own
    try:
        check_call(host, policy, hosts)
    except OutboundDenied:
        said = Text(f"le bac à sable n'appellera pas {host} de lui-même", f"the sandbox will not call {host} by itself")
        mend = Text(
            f"nommez-le : « up --allow-host {host} », ou le réglage {ALLOWED_HOSTS.name} du monde",
            f"name it: 'up --allow-host {host}', or the world's setting {ALLOWED_HOSTS.name}",
        )
        yield red(f"product{number}.allowed", said, mend)


_NATIONAL = Text("donnez l'adresse d'un produit à vous", "give the address of a product of yours")
_REACH = Text(
    "démarrez le produit, vérifiez adresse, port et pare-feu ; depuis un conteneur, localhost est le conteneur : "
    "prenez host.docker.internal ou l'adresse de la machine",
    "start the product, check address, port and firewall; inside a container localhost is the container: take "
    "host.docker.internal or the machine's address",
)


def _http(at: str, url: SplitResult, roots: str, now: datetime) -> Iterator[Check]:
    try:
        yield from _answered(at, probe.get(url, None), now)
    except (OSError, http.client.HTTPException) as problem:
        if _speaks_tls(url):
            yield red(f"{at}.http", Text("ce port parle TLS", "this port speaks TLS"), _WRITE_HTTPS)
        else:
            yield red(f"{at}.http", _no_http(problem), _REACH)


_WRITE_HTTPS = Text("écrivez https:// dans cette adresse", "write https:// in this address")


def _https(at: str, url: SplitResult, roots: str, now: datetime) -> Iterator[Check]:
    try:
        seen = probe.get(url, probe.anybody())
    except ssl.SSLError as problem:
        yield _refused(at, problem)
    except (OSError, http.client.HTTPException) as problem:
        yield red(f"{at}.http", _no_http(problem), _REACH)
    else:
        yield from _certificate(at, url, seen, now)
        yield _chain(at, url, roots)
        yield from _answered(at, seen, now)


def _secured(at: str, url: SplitResult, roots: str, now: datetime) -> Iterator[Check]:
    """TLS from the first byte, for what speaks no HTTP."""
    try:
        seen = probe.handshake(*probe.place(url), probe.anybody())
    except OSError as problem:
        yield _refused(at, problem)
    else:
        yield from _certificate(at, url, seen, now)
        yield _chain(at, url, roots)


def _mail(at: str, url: SplitResult, roots: str, now: datetime) -> Iterator[Check]:
    host, port = probe.place(url)
    try:
        with smtplib.SMTP(host, port, timeout=probe.PATIENCE_S) as mail:
            mail.ehlo()
            yield green(f"{at}.smtp", "le serveur de courriel salue", "the mail server greets")
            if not mail.has_extn("starttls"):
                yield grey(f"{at}.tls", Text("STARTTLS n'est pas proposé", "STARTTLS is not offered"))
                return
            mail.starttls(context=probe.trusting(roots, system=True))
            yield green(f"{at}.tls", "STARTTLS, certificat accepté", "STARTTLS, certificate accepted")
    except ssl.SSLError as problem:
        yield _refused(at, problem)
    except (OSError, smtplib.SMTPException) as problem:
        said = Text(f"pas de SMTP sur ce port : {problem}", f"no SMTP on this port: {problem}")
        yield red(f"{at}.smtp", said, _REACH)


def _refused(at: str, problem: BaseException) -> Check:
    said, mend = handshake_words(problem)
    return red(f"{at}.tls", said, mend)


def _certificate(at: str, url: SplitResult, seen: probe.Seen, now: datetime) -> Iterator[Check]:
    try:
        certificate = x509.load_der_x509_certificate(seen.certificate)
    except UNREADABLE as problem:
        yield _refused(at, problem)
        return
    yield green(f"{at}.tls", f"négociation {seen.tls}", f"{seen.tls} handshake")
    yield _name(at, url.hostname or "", certificate)
    yield _dates(at, certificate, now)


def _name(at: str, host: str, certificate: x509.Certificate) -> Check:
    names = names_of(certificate)
    shown = ", ".join(names) or "-"
    if any(_is(host, name) for name in names):
        return green(f"{at}.name", f"le certificat porte {host}", f"the certificate bears {host}")
    said = Text(f"le certificat porte {shown}, pas {host}", f"the certificate bears {shown}, not {host}")
    mend = Text(
        f"faites émettre un certificat dont le subjectAltName porte {host}, ou appelez un nom qu'il porte",
        f"have a certificate issued whose subjectAltName bears {host}, or call a name that it bears",
    )
    return red(f"{at}.name", said, mend)


def names_of(certificate: x509.Certificate) -> list[str]:
    """The names and addresses of the subjectAltName; the CN no longer counts (RFC 9525 §2)."""
    try:
        held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in held if isinstance(name, x509.DNSName | x509.IPAddress)]


def _is(host: str, name: str) -> bool:
    try:
        return ip_address(host) == ip_address(name)
    except ValueError:
        wanted = host.rstrip(".").lower()
        return name.lower() in {wanted, f"*.{wanted.partition('.')[2]}"}


def _dates(at: str, certificate: x509.Certificate, now: datetime) -> Check:
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    renew = Text("renouvelez le certificat du serveur", "renew the server's certificate")
    if now >= end:
        return red(
            f"{at}.dates", Text(f"le certificat a expiré le {end:%Y-%m-%d}", f"expired on {end:%Y-%m-%d}"), renew
        )
    if now < start:
        said = Text(f"le certificat n'est valide qu'à partir du {start:%Y-%m-%d %H:%M} UTC", f"valid from {start} only")
        return red(f"{at}.dates", said, _CLOCK)
    if end - now < SOON:
        return grey(f"{at}.dates", Text(f"expire bientôt, le {end:%Y-%m-%d}", f"expires soon, {end:%Y-%m-%d}"), renew)
    return green(f"{at}.dates", f"valide jusqu'au {end:%Y-%m-%d}", f"valid until {end:%Y-%m-%d}")


def _chain(at: str, url: SplitResult, roots: str) -> Check:
    """Whether its chain leads to an authority trusted here; dates and names have lights of their own."""
    context = probe.trusting(roots, system=True, dates_and_name=False)
    try:
        if url.scheme == "https":
            probe.get(url, context)
        else:
            probe.handshake(*probe.place(url), context)
    except ssl.SSLError as problem:
        said, mend = handshake_words(problem)
        return red(f"{at}.chain", said, mend)
    except (OSError, http.client.HTTPException) as problem:
        return grey(f"{at}.chain", probe.network_reason(problem))
    return green(f"{at}.chain", "la chaîne mène à une autorité connue ici", "the chain leads to a known authority")


def _answered(at: str, seen: probe.Seen, now: datetime) -> Iterator[Check]:
    status = seen.status
    said = Text(f"répond HTTP {status} à un GET", f"answers HTTP {status} to a GET")
    if status >= 500:
        mend = Text("voyez le journal du produit : il est en erreur", "see the product's log: it is in error")
        yield red(f"{at}.http", said, mend)
    elif status < 400 or status in _THERE:
        yield green(f"{at}.http", said.fr, said.en)
    else:
        yield grey(f"{at}.http", said, Text("vérifiez le chemin de cette adresse", "check the path of this address"))
    yield clock(f"{at}.clock", seen.date, now)


def clock(id: str, theirs: datetime | None, ours: datetime) -> Check:
    """A ``Date`` header held against a clock."""
    if theirs is None:
        return grey(id, Text("pas d'en-tête Date : horloge inconnue", "no Date header: clock unknown"))
    late = ours - theirs
    seconds = abs(round(late.total_seconds()))
    if abs(late) <= SKEW:
        return green(id, f"horloges d'accord (écart {seconds} s)", f"clocks agree (off by {seconds} s)")
    fr, en = ("retarde", "slow") if late > timedelta(0) else ("avance", "fast")
    return red(id, Text(f"son horloge {fr} de {seconds} s", f"its clock is {seconds} s {en}"), _CLOCK)


def _speaks_tls(url: SplitResult) -> bool:
    try:
        return bool(probe.handshake(*probe.place(url), probe.anybody()).tls)
    except OSError:
        return False


def _no_http(problem: BaseException) -> Text:
    if isinstance(problem, OSError):
        return probe.network_reason(problem)
    return Text("ce port ne parle pas HTTP", "this port does not speak HTTP")
