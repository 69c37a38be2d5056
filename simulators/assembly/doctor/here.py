"""What can only be seen from where the command runs, which is where the product usually runs too."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509 import ocsp

from simulators.assembly.doctor import probe, stores
from simulators.assembly.doctor.model import Check, green, grey, red
from simulators.assembly.doctor.product import clock
from simulators.assembly.doctor.tls_words import handshake_words
from simulators.core.http import PROBE
from simulators.core.rules import Text

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_CONTAINER = ("/.dockerenv", "/run/.containerenv")
_RESTART = Text(
    "redémarrez le bac à sable avec « --public-host NOM » (et « --bind 0.0.0.0 » s'il est sur une autre machine)",
    "restart the sandbox with '--public-host NAME' (and '--bind 0.0.0.0' when it is on another machine)",
)
_KIT = Text(
    "si votre produit lit ce magasin, installez-y la racine : « segur-sandbox trust kit --out DOSSIER »",
    "if your product reads this store, install the root there: 'segur-sandbox trust kit --out DIR'",
)
_HOSTS = Text(
    "ajoutez ces noms au fichier hosts de cette machine : « segur-sandbox hosts --add » (et --production-names)",
    "add these names to this machine's hosts file: 'segur-sandbox hosts --add' (and --production-names)",
)


def examine(facts: Mapping[str, Any], environment: Mapping[str, str], now: datetime) -> Iterator[Check]:
    """The checks of the user's side. ``facts`` are those of :func:`.inside.facts`, ``now`` this machine's clock."""
    yield from _names(facts)
    for name, places in facts["listeners"].items():
        yield from _listener(name, places, facts["roots"])
    yield from _installed(facts["roots"], environment)
    yield _clock(facts, now)
    yield from _revocation(facts, now)
    yield from _proxies(facts, environment)
    yield from _container(facts)


def _names(facts: Mapping[str, Any]) -> Iterator[Check]:
    host = facts["public_host"]
    try:
        found = ", ".join(probe.addresses(host))
        yield green("name", f"{host} = {found}", f"{host} = {found}")
    except OSError:
        yield red("name", Text(f"{host} est inconnu d'ici", f"{host} is unknown here"), _RESTART)
    if facts["aliases"]:
        yield from _aliases(facts["aliases"])


def _aliases(names: Sequence[str]) -> Iterator[Check]:
    """A production name must lead to a simulation, never to the national service."""
    unknown, real = [], []
    for name in names:
        try:
            real += [name] if not all(map(_is_private, probe.addresses(name))) else []
        except OSError:
            unknown.append(name)
    if real:
        shown = ", ".join(real)
        yield red("name.real", Text(f"mènent au vrai service : {shown}", f"lead to the real service: {shown}"), _HOSTS)
    if unknown:
        shown = ", ".join(unknown)
        yield red("name.aliases", Text(f"inconnus d'ici : {shown}", f"unknown here: {shown}"), _HOSTS)
    if not real and not unknown:
        count = len(names)
        yield green("name.aliases", f"{count} noms de production mènent ici", f"{count} production names lead here")


def _is_private(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_private


def _listener(name: str, places: Mapping[str, str], roots: str) -> Iterator[Check]:
    """The port by its public name and by its local address, then what it presents."""
    reachable = False
    for kind, text in _distinct(places):
        url = urlsplit(text)
        at = f"port.{name}" if kind == "url" else f"port.{name}.local"
        try:
            with probe.connected(*probe.place(url)):
                pass
        except OSError as problem:
            said = probe.network_reason(problem)
            mend = _HOSTS if isinstance(problem, socket.gaierror) and name.startswith("https.") else _RESTART
            yield red(at, Text(f"{text} : {said.fr}", f"{text}: {said.en}"), mend)
        else:
            reachable = reachable or kind == "url"
            yield green(at, f"{text} répond", f"{text} answers")
    if reachable and places["url"].startswith("https:"):
        yield _presented(name, places["url"], roots)


def _distinct(places: Mapping[str, str]) -> list[tuple[str, str]]:
    return [("url", places["url"]), *([("local", places["local"])] if places["local"] != places["url"] else [])]


def _presented(name: str, text: str, roots: str) -> Check:
    """Whether a client that trusts the sandbox's root alone accepts the server."""
    try:
        seen = probe.get(urlsplit(text + PROBE), probe.trusting(roots))
    except ssl.SSLError as problem:
        said, mend = handshake_words(problem)
        return red(f"trust.{name}", said, mend)
    except (OSError, http.client.HTTPException) as problem:
        why = probe.network_reason(problem)
        return red(f"trust.{name}", why, _RESTART)
    return green(f"trust.{name}", f"certificat accepté ({seen.tls})", f"certificate accepted ({seen.tls})")


def _installed(roots: str, environment: Mapping[str, str]) -> Iterator[Check]:
    """Whether the root is where products look for authorities; none needs them all, so nothing here is red."""
    wanted = stores.der_of(roots)
    yield _kept("trust.system", stores.system_place(), stores.in_system(wanted))
    for store in stores.java_stores(environment):
        yield _kept("trust.java", str(store), stores.in_java(store, wanted))
    bundles: dict[str, list[str]] = {}
    for name in stores.VARIABLES:
        if environment.get(name):
            bundles.setdefault(environment[name], []).append(name)
    for place, names in bundles.items():
        found = stores.in_bundle(Path(place), wanted)
        yield _kept(f"trust.{names[0]}", f"{place} ({', '.join(names)})", found)


def _kept(id: str, place: str, found: bool | None) -> Check:
    if found:
        return green(id, f"la racine est dans {place}", f"the root is in {place}")
    if found is None:
        return grey(id, Text(f"{place} est illisible", f"{place} cannot be read"))
    return grey(id, Text(f"la racine n'est pas dans {place}", f"the root is not in {place}"), _KIT)


def _clock(facts: Mapping[str, Any], now: datetime) -> Check:
    """This machine's clock and the sandbox's, by the Date it writes into its answers."""
    url = urlsplit(f"{facts['listeners']['console']['local']}/_sandbox/health")
    try:
        return clock("clock.sandbox", probe.get(url, None).date, now)
    except (OSError, http.client.HTTPException) as problem:
        return grey("clock.sandbox", probe.network_reason(problem))


def _revocation(facts: Mapping[str, Any], now: datetime) -> Iterator[Check]:
    for name, url in facts["crl"].items():
        yield _fetched(f"crl.{name}", url, lambda data: _is_current(data, now))
    yield _fetched("ocsp", f"{facts['ocsp']}/", _is_ocsp)


def _fetched(id: str, url: str, right: Any) -> Check:
    """A product that checks revocation refuses everything when it cannot fetch this."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=probe.PATIENCE_S) as answer:
            good = right(answer.read(1 << 20))
    except (OSError, ValueError, http.client.HTTPException) as problem:
        return red(id, Text(f"{url} : {problem}", f"{url}: {problem}"), _RESTART)
    if good:
        return green(id, f"{url} répond", f"{url} answers")
    mend = Text("vérifiez les horloges, puis redémarrez le bac à sable", "check the clocks, then restart the sandbox")
    return red(id, Text(f"{url} n'est plus à jour", f"{url} is out of date"), mend)


def _is_current(data: bytes, now: datetime) -> bool:
    crl = x509.load_der_x509_crl(data)
    return crl.last_update_utc <= now and (crl.next_update_utc is None or now < crl.next_update_utc)


def _is_ocsp(data: bytes) -> bool:
    return ocsp.load_der_ocsp_response(data).response_status is not None


def _proxies(facts: Mapping[str, Any], environment: Mapping[str, str]) -> Iterator[Check]:
    """A proxy of the environment takes the product's calls to the sandbox too, unless NO_PROXY names its host."""
    lower = {name.lower(): value for name, value in environment.items()}
    named = [name for name in PROXIES if lower.get(name.lower())]
    host = facts["public_host"]
    skipped = lower.get("no_proxy", "")
    swallowed = named and not urllib.request.proxy_bypass_environment(host, {"no": skipped})  # type: ignore[attr-defined]
    if not swallowed:
        yield green("proxy", f"aucun mandataire ne prend {host}", f"no proxy takes {host}")
        return
    said = Text(f"{named[0]} prend aussi les appels vers {host}", f"{named[0]} takes the calls to {host} too")
    mend = Text(f"ajoutez {host},localhost,127.0.0.1 à NO_PROXY", f"add {host},localhost,127.0.0.1 to NO_PROXY")
    yield red("proxy", said, mend)


def _container(facts: Mapping[str, Any]) -> Iterator[Check]:
    if not any(Path(mark).exists() for mark in _CONTAINER):
        return
    said = Text("cette commande tourne dans un conteneur", "this command runs in a container")
    if not facts["loopback"]:
        yield grey("container", said)
        return
    mend = Text(
        "le bac à sable n'écoute que sa propre boucle locale : d'un autre conteneur ou de la machine, "
        "« --bind 0.0.0.0 --public-host NOM »",
        "the sandbox listens on its own loopback only: from another container or the host, "
        "'--bind 0.0.0.0 --public-host NAME'",
    )
    yield grey("container", said, mend)
