"""Writing a multipart/related SOAP message in the form of the Java stack met in the field.

Source: facts dmp-messages §8 (order and quoting of parameters, part headers); RFC 2387.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

ROOT_ID = "root.message@cxf.apache.org"
# What RFC 2046 §5.1.1 allows; never ";", at which a client in the field splits the header.
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=?-]{1,70}")
_CONTENT_ID = re.compile(r"[!-;=?-~]{1,400}")
_HEADER_VALUE = re.compile(r"[ -~]{1,400}")


@dataclass(frozen=True, slots=True)
class Attachment:
    """One part after the root. ``content_id`` has no ``<>``."""

    content_id: str
    content: bytes
    content_type: str = "application/octet-stream"


def write_multipart(
    root: bytes,
    attachments: Sequence[Attachment] = (),
    *,
    boundary: str,
    root_id: str = ROOT_ID,
    start_info: str = "application/soap+xml",
    action: str | None = None,
) -> tuple[str, bytes]:
    """(Content-Type, body). ``boundary`` is ``uuid:{uuid}`` in the field. Documents go out byte for byte.

    ``ValueError`` when a header value would break the framing, or when the boundary occurs in a part.
    """
    _check(boundary, root_id, start_info, action, attachments)
    marker = f"--{boundary}".encode()
    if any(marker in content for content in (root, *(attachment.content for attachment in attachments))):
        raise ValueError(f"the boundary {boundary!r} occurs in a part")
    suffix = f'; action="{action}"' if action else ""
    announced = (
        f'multipart/related; type="application/xop+xml"; boundary="{boundary}"; start="<{root_id}>"; '
        f'start-info="{start_info}"{suffix}'
    )
    kind = f'application/xop+xml; charset=UTF-8; type="{start_info}"{suffix}'
    pieces = [*_part(marker, kind, root_id, root)]
    for attachment in attachments:
        pieces += _part(marker, attachment.content_type, attachment.content_id, attachment.content)
    pieces += [marker, b"--"]
    return announced, b"".join(pieces)


def _part(marker: bytes, content_type: str, content_id: str, content: bytes) -> Sequence[bytes]:
    head = (
        f"\r\nContent-Type: {content_type}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <{content_id}>\r\n\r\n"
    )
    return marker, head.encode(), content, b"\r\n"


def _check(boundary: str, root_id: str, start_info: str, action: str | None, attachments: Sequence[Attachment]) -> None:
    if _BOUNDARY.fullmatch(boundary) is None:
        raise ValueError(f"not a boundary: {boundary!r}")
    for identifier in (root_id, *(attachment.content_id for attachment in attachments)):
        if _CONTENT_ID.fullmatch(identifier) is None:
            raise ValueError(f"not a Content-ID: {identifier!r}")
    for value in (start_info, action or "-", *(attachment.content_type for attachment in attachments)):
        if _HEADER_VALUE.fullmatch(value) is None or '"' in (action or "") + start_info:
            raise ValueError(f"not a header value: {value!r}")
