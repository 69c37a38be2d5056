"""Distinguished names as text: read any usual form, compare two of them (facts dmp-messages §2.3, grade inferred).

The SAML Issuer of a VIHF is the DN of the signing certificate written by the product: RFC 2253/4514 order or the
reverse, ``, `` separators (Java), the slash form of OpenSSL, OIDs with ``#hex`` BER values.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from cryptography import x509

Ava = tuple[str, str]
"""Attribute type (dotted OID, or the keyword in capitals when unknown) and value."""
Rdn = frozenset[Ava]
Dn = tuple[Rdn, ...]
"""RDNs in the order they were written."""

MAX_LENGTH = 4096
MAX_ATTRIBUTES = 64

_KEYWORDS = {
    "2.5.4.3": "CN COMMONNAME",
    "2.5.4.4": "SN SURNAME",
    "2.5.4.5": "SERIALNUMBER",
    "2.5.4.6": "C COUNTRYNAME COUNTRY",
    "2.5.4.7": "L LOCALITYNAME",
    "2.5.4.8": "ST S STATEORPROVINCENAME",
    "2.5.4.9": "STREET STREETADDRESS",
    "2.5.4.10": "O ORGANIZATIONNAME",
    "2.5.4.11": "OU ORGANIZATIONALUNITNAME",
    "2.5.4.12": "T TITLE",
    "2.5.4.42": "GN G GIVENNAME",
    "2.5.4.43": "INITIALS",
    "2.5.4.46": "DNQ DNQUALIFIER",
    "1.2.840.113549.1.9.1": "E EMAIL EMAILADDRESS",
    "0.9.2342.19200300.100.1.1": "UID USERID",
    "0.9.2342.19200300.100.1.25": "DC DOMAINCOMPONENT",
}
_OIDS = {keyword: oid for oid, keywords in _KEYWORDS.items() for keyword in keywords.split()}
_DOTTED = re.compile(r"[0-2](?:\.\d{1,39}){1,30}")
_KEYWORD = re.compile(r"[A-Z][A-Z0-9-]{0,63}")
_LOST = "?\N{REPLACEMENT CHARACTER}"
# ASN.1 string types by BER tag: NumericString, PrintableString, IA5String, VisibleString read as ASCII supersets.
_ENCODINGS = {
    0x0C: "utf-8",
    0x12: "ascii",
    0x13: "ascii",
    0x14: "latin-1",
    0x16: "ascii",
    0x1A: "ascii",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}

T = TypeVar("T")


class DnError(ValueError):
    """A text that cannot be read as a distinguished name; the message says where."""


class Comparison(enum.Enum):
    """Verdict of :func:`same_dn`."""

    SAME = "same"
    SAME_WITH_REPLACEMENT_CHARS = "same-with-replacement-chars"
    DIFFERENT = "different"


def parse_dn(text: str) -> Dn:
    """Read a DN in RFC 2253/4514 form (``,`` or ``;``) or slash form (``/C=FR/O=...``).

    Values come unescaped, trimmed, otherwise as written. Raises DnError, also above 4096 characters or 64 attributes.
    """
    if len(text) > MAX_LENGTH:
        raise DnError(f"longer than {MAX_LENGTH} characters")
    stripped = text.lstrip()
    slash = stripped.startswith("/")
    parts = _rejoin(_split(stripped[1:], "/", slash), "/") if slash else _split(stripped, ",;", slash)
    dn = tuple(frozenset(_ava(ava, slash) for ava in _avas(part, slash)) for part in parts)
    if sum(map(len, dn)) > MAX_ATTRIBUTES:
        raise DnError(f"more than {MAX_ATTRIBUTES} attributes")
    return dn


def dn_of(name: x509.Name) -> Dn:
    """Return a certificate's name, in certificate order (most significant RDN first)."""
    return tuple(frozenset((a.oid.dotted_string, _text(a.value)) for a in rdn) for rdn in name.rdns)


def attributes_of(dn: Dn) -> frozenset[Ava]:
    """Every attribute of a DN, folded for comparison (NFC, spaces collapsed, case ignored), whatever its RDN."""
    return frozenset(ava for rdn in _folded(dn) for ava in rdn)


def same_dn(written: str | Dn, actual: str | Dn) -> Comparison:
    """Compare what a message says (``written``) with what a certificate says (``actual``).

    RDNs are compared as a set and attributes inside an RDN as a set, after NFC, trimming, collapsing of spaces and
    case folding. Second chance: ``?`` or U+FFFD in ``written`` stands for any one non-ASCII character of ``actual``.
    Raises DnError.
    """
    left = parse_dn(written) if isinstance(written, str) else written
    right = parse_dn(actual) if isinstance(actual, str) else actual
    if _folded(left) == _folded(right):
        return Comparison.SAME
    if _pairs_up(left, right, _same_rdn_lossy):
        return Comparison.SAME_WITH_REPLACEMENT_CHARS
    return Comparison.DIFFERENT


# --- reading ---------------------------------------------------------------------------------------------------------


def _split(text: str, separators: str, slash: bool) -> list[str]:
    """Cut at separators that are neither escaped by a backslash nor inside a quoted value.

    Quotes count only where they open a value, and never in the slash form, which does not escape them.
    """
    parts: list[str] = []
    start, quoted, escaped, before = 0, False, False, ""
    for index, char in enumerate(text):
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == '"' and (quoted or (before == "=" and not slash)):
            quoted = not quoted
        elif char in separators and not quoted:
            parts.append(text[start:index])
            start = index + 1
        before = before if char.isspace() else char
    if quoted or escaped:
        raise DnError("unfinished quotes or backslash")
    return [*parts, text[start:]]


def _rejoin(parts: Sequence[str], separator: str) -> list[str]:
    """Give back to the value before it a piece that starts no attribute: ``/O=A/B`` is one RDN, as is ``+33``."""
    joined: list[str] = []
    for part in parts:
        keyword, equals, _ = part.partition("=")
        if joined and not (equals and _type(keyword, strict=False)):
            joined[-1] += separator + part
        else:
            joined.append(part)
    return joined


def _avas(part: str, slash: bool) -> list[str]:
    pieces = _split(part, "+", slash)
    return _rejoin(pieces, "+") if slash else pieces


def _type(keyword: str, *, strict: bool = True) -> str:
    name = keyword.strip().upper().removeprefix("OID.")
    if _DOTTED.fullmatch(name):
        return name
    if _KEYWORD.fullmatch(name) and (strict or name in _OIDS):
        return _OIDS.get(name, name)
    if strict:
        raise DnError(f"no attribute type in {keyword!r}")
    return ""


def _ava(text: str, slash: bool) -> Ava:
    keyword, equals, value = text.partition("=")
    if not equals:
        raise DnError(f"no '=' in {text!r}")
    return _type(keyword), _value(value, slash)


def _value(text: str, slash: bool) -> str:
    value = text.lstrip()
    if value.startswith("#"):
        return _ber(value.rstrip()[1:])
    if value.startswith('"') and not slash:
        value = value.rstrip()
        if len(value) < 2 or not value.endswith('"'):
            raise DnError(f"text after the quotes in {text!r}")
        return _unescape(value[1:-1], slash)
    return _unescape(_right_stripped(value), slash)


def _right_stripped(value: str) -> str:
    """Strip the end but keep an escaped space, as RFC 4514 §2.4 writes one."""
    stripped = value.rstrip()
    backslashes = len(stripped) - len(stripped.rstrip("\\"))
    return stripped + " " if backslashes % 2 and len(value) > len(stripped) else stripped


def _unescape(value: str, slash: bool) -> str:
    r"""Undo ``\,`` and ``\HH`` (bytes of UTF-8), and in the slash form OpenSSL's ``\xHH``."""
    pattern = r"(?:\\x[0-9A-Fa-f]{2})+" if slash else r"(?:\\[0-9A-Fa-f]{2})+"
    decoded: list[str] = []
    position = 0
    for match in re.finditer(rf"{pattern}|\\(.)", value, re.DOTALL):
        decoded.append(value[position : match.start()])
        digits = re.sub(r"\\x?", "", match[0])
        decoded.append(match[1] if match[1] is not None else bytes.fromhex(digits).decode("utf-8", "replace"))
        position = match.end()
    return "".join([*decoded, value[position:]])


def _ber(digits: str) -> str:
    """Read a ``#hex`` value: one BER string, definite length (X.690 §8.1)."""
    try:
        data = bytes.fromhex(digits)
        tag, length, start = data[0], data[1], 2
        if length & 0x80:
            start = 2 + (length & 0x7F)
            length = int.from_bytes(data[2:start], "big")
        content = data[start:]
        if len(content) != length or start > 6:
            raise DnError(f"BER length does not fit in #{digits}")
        return content.decode(_ENCODINGS[tag])
    except (IndexError, KeyError, ValueError) as problem:
        raise problem if isinstance(problem, DnError) else DnError(f"no BER string in #{digits}") from problem


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.hex()


# --- comparing -------------------------------------------------------------------------------------------------------


def _tidy(value: str) -> str:
    return " ".join(unicodedata.normalize("NFC", value).split())


def _folded(dn: Dn) -> frozenset[Rdn]:
    return frozenset(frozenset((kind, _fold(value)) for kind, value in rdn) for rdn in dn)


def _fold(value: str) -> str:
    # Folding can undo the composition (some letters fold to a base and a mark), so compose again.
    return unicodedata.normalize("NFC", _tidy(value).casefold())


def _same_rdn_lossy(written: Rdn, actual: Rdn) -> bool:
    return _pairs_up(tuple(written), tuple(actual), _same_ava_lossy)


def _same_ava_lossy(written: Ava, actual: Ava) -> bool:
    if written[0] != actual[0]:
        return False
    left, right = _tidy(written[1]), _tidy(actual[1])
    return _fold(left) == _fold(right) or (len(left) == len(right) and all(map(_same_char, left, right)))


def _same_char(written: str, actual: str) -> bool:
    return (written in _LOST and not actual.isascii()) or written.casefold() == actual.casefold()


def _pairs_up(left: Sequence[T], right: Sequence[T], same: Callable[[T, T], bool]) -> bool:
    """Say whether every element of one side has a partner of its own on the other (bipartite matching)."""
    if len(left) != len(right):
        return False
    taken: dict[int, int] = {}

    def place(index: int, seen: set[int]) -> bool:
        for other, candidate in enumerate(right):
            if other not in seen and same(left[index], candidate):
                seen.add(other)
                if other not in taken or place(taken[other], seen):
                    taken[other] = index
                    return True
        return False

    return all(place(index, set()) for index in range(len(left)))


def format_dn(rdns: Iterable[Rdn]) -> str:
    """Write RDNs in the given order as an RFC 4514 string, known types by keyword."""
    return ",".join("+".join(f"{_keyword(kind)}={_escaped(value)}" for kind, value in sorted(rdn)) for rdn in rdns)


def _keyword(kind: str) -> str:
    return _KEYWORDS[kind].split()[0] if kind in _KEYWORDS else kind


def _escaped(value: str) -> str:
    escaped = re.sub(r'([,;+"\\<>=])', r"\\\1", value)
    if escaped[:1] in ("#", " "):
        escaped = "\\" + escaped
    return escaped[:-1] + "\\ " if escaped.endswith(" ") and escaped != "\\ " else escaped
