"""Why XML is not read."""

from __future__ import annotations

from typing import Literal

from simulators.core.errors import SandboxError

RefusedKind = Literal[
    "empty", "too-large", "too-deep", "too-many-elements", "too-many-attributes", "doctype", "encoding", "malformed"
]


class XmlRefused(SandboxError):
    """XML that is not read: ``kind``, a sentence in English and French, and the line and column (from 1) when known."""

    def __init__(
        self,
        kind: RefusedKind,
        message_en: str,
        message_fr: str,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        super().__init__(message_en)
        self.kind: RefusedKind = kind
        self.message_en = message_en
        self.message_fr = message_fr
        self.line = line
        self.column = column
