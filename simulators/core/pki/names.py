"""Distinguished names of the simulator's certificates, and the name constraints of its roots.

Every subject starts with the same two RDNs, ``C=FR, O=SIMULATION SEGUR SANDBOX``, because a directoryName constraint
compares whole leading RDNs (RFC 5280 §7.1): "O begins with SIMULATION" cannot be said, "O is exactly this" can. The
structure's own name therefore stands in a second ``O``, which begins with SIMULATION too and is the one that RFC 4514
strings show first. ``OU`` is the structure's national identifier (facts dmp-messages §12.3).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from cryptography import x509
from cryptography.x509.oid import NameOID

MARK = "SIMULATION"
ORGANISATION = "SIMULATION SEGUR SANDBOX"
DNS_SUFFIXES = ("localhost", "test", "internal", "local")
IP_NETWORKS = (
    "127.0.0.0/8",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "::1/128",
    "fc00::/7",
)

_UPPER_BOUND = 64  # ub-common-name and ub-organization-name, RFC 5280 appendix A.1
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_GENERIC_TLDS = frozenset(
    {"com", "net", "org", "info", "biz", "edu", "gov", "mil", "int", "health", "care", "cloud", "app", "dev"}
)


class NameRefused(ValueError):
    """A name that no certificate of ours may carry: malformed, or as wide as a top-level domain."""


def marked(text: str) -> str:
    """Return ``text`` beginning with SIMULATION, spaces collapsed, at most 64 characters. Raises NameRefused."""
    words = " ".join(text.split())
    if not words or not words.isprintable():
        raise NameRefused(f"not a printable name: {text!r}")
    whole = words if words.upper().startswith(MARK) else f"{MARK} {words}"
    return whole[:_UPPER_BOUND].rstrip()


def short(text: str) -> str:
    """Cut a text to what a CN may hold, 64 characters."""
    return text[:_UPPER_BOUND]


def _attribute(oid: x509.ObjectIdentifier, value: str) -> x509.NameAttribute[str]:
    return x509.NameAttribute(oid, value)


def _name(*rdns: Iterable[x509.NameAttribute[str]]) -> x509.Name:
    base = ((_attribute(NameOID.COUNTRY_NAME, "FR"),), (_attribute(NameOID.ORGANIZATION_NAME, ORGANISATION),))
    return x509.Name([x509.RelativeDistinguishedName(rdn) for rdn in (*base, *rdns)])


def authority_name(common_name: str) -> x509.Name:
    """Subject of a certification authority."""
    return _name((_attribute(NameOID.COMMON_NAME, marked(common_name)),))


def organisation_name(struct_idnat: str, name: str, common_name: str | None = None) -> x509.Name:
    """Subject of a structure's certificate; AUTH_CLI and SIGN of one holder carry the same (facts §12.2).

    ``common_name`` replaces the CN, which is free text (INSi wants ``INSI-AUTO`` there).
    """
    holder = marked(name)
    return _name(
        (_attribute(NameOID.ORGANIZATION_NAME, holder),),
        (_attribute(NameOID.ORGANIZATIONAL_UNIT_NAME, struct_idnat),),
        (_attribute(NameOID.COMMON_NAME, common_name or holder),),
    )


def person_name(ps_idnat: str, family: str, given: str, title: str) -> x509.Name:
    """Subject of a professional's certificate: ``title``, then one multi-valued RDN CN + SN + GN (facts §12.1)."""
    return _name(
        (_attribute(NameOID.TITLE, title),),
        (
            _attribute(NameOID.COMMON_NAME, ps_idnat),
            _attribute(NameOID.SURNAME, family),
            _attribute(NameOID.GIVEN_NAME, given),
        ),
    )


def host_name(text: str) -> str:
    """Return a DNS name in lower case without its final dot. Raises NameRefused when it is none."""
    name = text.strip().lower().rstrip(".")
    labels = name.removeprefix("*.").split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise NameRefused(f"not a DNS name: {text!r}")
    return name


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def _permitted_name(text: str) -> str:
    name = host_name(text)
    if "*" in name or name in _GENERIC_TLDS or (len(name) == 2 and name.isalpha()):
        raise NameRefused(f"{text!r} would open a whole top-level domain to this test authority")
    return name


def constraints(names: Iterable[str] = ()) -> x509.NameConstraints:
    """Name constraints of a root: the fixed ranges plus ``names`` (DNS names, or IP addresses and networks).

    A DNS name with a dot also permits what is below it (RFC 5280 §4.2.1.10). A single label, such as the service name
    of a Compose file, permits that name alone: the tree ``.label`` is excluded, or a root for ``sandbox`` would be good
    for a whole top-level domain. RFC 5280 gives the leading dot no meaning for DNS names; OpenSSL, Java and Go agree on
    this one (measured, tests/interop/test_trust_kit.py). Raises NameRefused, also for a label and a name below it.
    """
    networks = [ipaddress.ip_network(text) for text in IP_NETWORKS]
    hosts: list[str] = []
    for text in names:
        network = _network(text.strip())
        if network is None:
            hosts.append(_permitted_name(text))
        else:
            networks.append(network)
    bare = [name for name in dict.fromkeys(hosts) if "." not in name and name not in DNS_SUFFIXES]
    _not_below(hosts, bare)
    permitted: list[x509.GeneralName] = [x509.DirectoryName(_name())]
    for name in dict.fromkeys([*DNS_SUFFIXES, *hosts]):
        permitted += [x509.DNSName(name), x509.RFC822Name(name)]
        permitted += [] if name in bare else [x509.RFC822Name(f".{name}")]
    permitted += [x509.IPAddress(network) for network in dict.fromkeys(networks)]
    excluded = [x509.DNSName(f".{name}") for name in bare]
    return x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=excluded or None)


def _not_below(hosts: Iterable[str], bare: Iterable[str]) -> None:
    for label in bare:
        below = next((host for host in hosts if host.endswith(f".{label}")), None)
        if below is not None:
            raise NameRefused(
                f"one certificate cannot name both {label!r} and {below!r} below it without opening all of .{label}: "
                f"take a public name with a dot, such as {label}.internal"
            )


def subject_constraints() -> x509.NameConstraints:
    """Constraints on the subject only."""
    return x509.NameConstraints(permitted_subtrees=[x509.DirectoryName(_name())], excluded_subtrees=None)


def covers(permitted: x509.NameConstraints, name: str) -> bool:
    """Say whether a DNS name, or an IP address or network, lies inside the constraints. Raises NameRefused."""
    network = _network(name.strip())
    if network is None:
        return _covers_host(permitted, host_name(name))
    trees = (tree.value for tree in permitted.permitted_subtrees or () if isinstance(tree, x509.IPAddress))
    return any(_inside(network, tree) for tree in trees)


def _covers_host(permitted: x509.NameConstraints, host: str) -> bool:
    trees = (tree.value for tree in permitted.permitted_subtrees or () if isinstance(tree, x509.DNSName))
    excluded = (tree.value for tree in permitted.excluded_subtrees or () if isinstance(tree, x509.DNSName))
    if any(host.endswith(tree) for tree in excluded):  # every excluded tree of ours begins with a dot
        return False
    return any(host == tree or host.endswith(f".{tree}") for tree in trees)


def _inside(network: ipaddress.IPv4Network | ipaddress.IPv6Network, tree: object) -> bool:
    if isinstance(network, ipaddress.IPv4Network):
        return isinstance(tree, ipaddress.IPv4Network) and network.subnet_of(tree)
    return isinstance(tree, ipaddress.IPv6Network) and network.subnet_of(tree)


def looks_like_host(common_name: str) -> bool:
    """Say whether OpenSSL would hold this CN against the DNS constraints: a dotted host name, no subjectAltName."""
    try:
        return "." in host_name(common_name)
    except NameRefused:
        return False
