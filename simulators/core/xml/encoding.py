"""Which encoding the bytes are in, settled once and decoded strictly.

Source: XML 1.0 (5th ed.) appendix F; RFC 7303 §3.2: a byte order mark wins over the charset of the media type, which
wins over the declaration.
"""

from __future__ import annotations

import re

from simulators.core.xml.refusals import XmlRefused

_CODECS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "iso-8859-1": "iso-8859-1",
    "latin1": "iso-8859-1",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
    "us-ascii": "ascii",
    "ascii": "ascii",
}
_ALLOWED = "UTF-8, UTF-16, ISO-8859-1, windows-1252, US-ASCII"
# Longest first: the UTF-32 LE mark starts with the UTF-16 LE one.
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_DECLARATION = re.compile(rb"""<\?xml[ \t\r\n][^?<>]*?[ \t\r\n]encoding[ \t\r\n]*=[ \t\r\n]*(?:"([^"]*)"|'([^']*)')""")


def to_utf8(data: bytes, charset: str | None) -> bytes:
    """``data`` as UTF-8 without a byte order mark; raises ``XmlRefused("encoding")``."""
    codec, name, skip = _encoding_of(data, charset)
    if codec == "utf-8" and data.isascii():
        return data
    try:
        text = data[skip:].decode(codec)
    except UnicodeDecodeError as error:
        raise _badly_encoded(data, skip, error, codec, name) from None
    return data[skip:] if codec == "utf-8" else text.encode("utf-8")


def _encoding_of(data: bytes, charset: str | None) -> tuple[str, str, int]:
    """(Python codec, name to show, bytes of the mark to skip)."""
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return _marked(data, mark, codec)
    for start, codec in ((b"<\x00", "utf-16-le"), (b"\x00<", "utf-16-be")):
        if data.startswith(start):
            _must_declare_utf16(data, codec)
            return codec, "UTF-16", 0
    declared = charset if charset is not None else _declared(data)
    if declared is None:
        return "utf-8", "UTF-8", 0
    known = _CODECS.get(declared.strip().lower())
    if known is None:
        raise _unknown_encoding(declared)
    if known.startswith("utf-16"):
        raise _contradiction(declared, "8-bit")
    return known, declared, 0


def _marked(data: bytes, mark: bytes, codec: str) -> tuple[str, str, int]:
    if codec == "utf-32":
        raise _unknown_encoding("UTF-32")
    if codec != "utf-8":
        _must_declare_utf16(data[len(mark) :], codec)
        return codec, "UTF-16", len(mark)
    declared = _declared(data[len(mark) :])
    if declared is not None and _CODECS.get(declared.lower()) != "utf-8":
        raise _contradiction(declared, "UTF-8")
    return codec, "UTF-8", len(mark)


def _must_declare_utf16(data: bytes, codec: str) -> None:
    declared = _declared(data[:400].decode(codec, "replace").encode("utf-8"))
    if declared is not None and not _CODECS.get(declared.lower(), "").startswith("utf-16"):
        raise _contradiction(declared, "UTF-16")


def _declared(data: bytes) -> str | None:
    found = _DECLARATION.match(data[:400])
    if found is None:
        return None
    name: bytes = found.group(1) or found.group(2) or b""
    return name.decode("ascii", "replace")


def _unknown_encoding(name: str) -> XmlRefused:
    return XmlRefused(
        "encoding",
        f"The encoding {name[:40]!r} is not accepted; accepted: {_ALLOWED}.",
        f"L'encodage {name[:40]!r} n'est pas accepté ; acceptés : {_ALLOWED}.",
        1,
        1,
    )


def _contradiction(declared: str, seen: str) -> XmlRefused:
    return XmlRefused(
        "encoding",
        f"The XML announces the encoding {declared!r} but its bytes are {seen}.",
        f"Le XML annonce l'encodage {declared!r} mais ses octets sont en {seen}.",
        1,
        1,
    )


def _badly_encoded(data: bytes, skip: int, error: UnicodeDecodeError, codec: str, name: str) -> XmlRefused:
    before = data[skip : skip + error.start].decode(codec, "replace")
    wrong = data[skip + error.start]
    return XmlRefused(
        "encoding",
        f"The byte 0x{wrong:02X} is not {name}, the encoding announced; encode the whole message in it.",
        f"L'octet 0x{wrong:02X} n'est pas du {name}, l'encodage annoncé ; encodez-y tout le message.",
        before.count("\n") + 1,
        len(before) - (before.rfind("\n") + 1) + 1,
    )
