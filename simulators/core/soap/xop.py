"""What the envelope refers to: xop:Include to bytes, without putting base64 into the tree.

Sources: XOP 1.0 §2, RFC 2392; inline base64 is accepted too (facts dmp-messages §5.1).
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import quote, unquote

from lxml import etree

from simulators.core.soap.mtom import Multipart, Part
from simulators.core.soap.refusals import MtomRefused
from simulators.core.xml import NAMESPACES, text, where

INCLUDE = f"{{{NAMESPACES['xop']}}}Include"


@dataclass(frozen=True, slots=True)
class Binary:
    """The bytes an element stands for. ``part`` is None when they were inline.

    ``content_with_separator`` also holds the line end before the MIME delimiter (equal to ``content`` when inline).
    """

    content: bytes
    content_with_separator: bytes
    part: Part | None


def resolve_includes(
    root: etree._Element, multipart: Multipart | None, *, inline: Collection[str] = ()
) -> dict[etree._Element, Binary]:
    """The element around each xop:Include of ``root`` (or named by ``inline``, Clark names) to its bytes.

    Document order. ``multipart`` is None for a plain message. Raises :class:`MtomRefused`: an Include that is not alone
    or not ``cid:``, a part that is not there, text that is not base64.
    """
    found = {}
    for element in root.iter(INCLUDE, *inline):
        if element.tag != INCLUDE:
            if element.find(INCLUDE) is None:
                found[element] = _inline(element)
            continue
        parent = element.getparent()
        if parent is None or len(parent) != 1 or text(parent).strip():
            raise _bad_reference(where(element), "an Include must be the only content of its element", "")
        part = _referenced(element, multipart)
        found[parent] = Binary(part.content, part.content_with_separator, part)
    return found


def include(content_id: str) -> etree._Element:
    """An xop:Include of the part ``content_id`` (without ``<>``); ``:`` is percent-encoded (facts dmp-messages §8)."""
    element = etree.Element(INCLUDE, nsmap={"xop": NAMESPACES["xop"]})
    element.set("href", f"cid:{quote(content_id, safe='@')}")
    return element


def _referenced(element: etree._Element, multipart: Multipart | None) -> Part:
    href = element.get("href", "")
    place = where(element, "href")
    if href[:4].lower() != "cid:":
        raise _bad_reference(place, "the href is not a cid: URL", href)
    if multipart is None:
        raise _missing(place, href, "the message has no parts")
    # The second look is for senders that percent-encode the Content-ID itself as well.
    part = multipart.part(unquote(href[4:])) or multipart.part(href[4:])
    if part is None or part is multipart.root:
        known = ", ".join(part.content_id for part in multipart.attachments)
        raise _missing(place, href, f"the parts are: {known[:300]}")
    return part


def _inline(element: etree._Element) -> Binary:
    try:
        content = b64decode("".join(text(element).split()), validate=True)
    except ValueError:
        raise MtomRefused(
            "inline",
            where(element),
            "the element holds neither an xop:Include nor base64",
            "l'élément ne contient ni xop:Include ni base64",
            found=text(element)[:80],
            expected="base64",
        ) from None
    return Binary(content, content, None)


def _bad_reference(place: str, why: str, found: str) -> MtomRefused:
    return MtomRefused(
        "reference", place, why, "référence xop:Include inutilisable", found=found, expected="cid:{Content-ID}"
    )


def _missing(place: str, href: str, known: str) -> MtomRefused:
    return MtomRefused(
        "missing-part",
        place,
        f"no part bears the Content-ID referred to; {known}",
        "aucune partie ne porte le Content-ID référencé",
        found=href,
        expected="Content-ID",
    )
