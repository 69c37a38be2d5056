"""The drawn tree of errors of the documents.

::

    DocumentError (SandboxError, ValueError)     carries ``reason`` and ``where``
    ├── BadValue               an HL7 value (XCN, XON, CX, DTM, TS) does not follow its syntax
    ├── UnreadableMetadata     ebRIM whose structure cannot be read
    ├── UnreadableCda          not a CDA document, or one whose structure cannot be read
    ├── UnreadableSignature    not a lot signature
    ├── ArchiveRefused         hostile or damaged XDM archive; nothing was expanded beyond the limits
    └── CannotBuild            the builder was given contradictory or missing material

Hostile XML is refused before all this by ``simulators.core.xml.XmlRefused``.
"""

from __future__ import annotations

from simulators.core.errors import SandboxError


class DocumentError(SandboxError, ValueError):
    """Root of what the documents' room raises on purpose.

    ``reason`` is one English sentence; ``where`` an evaluable place (XPath, archive entry name) or ``""``.
    """

    def __init__(self, reason: str, where: str = "") -> None:
        self.reason = reason
        self.where = where
        super().__init__(f"{reason} (at {where})" if where else reason)


class BadValue(DocumentError):
    """An HL7 value does not follow its syntax."""


class UnreadableMetadata(DocumentError):
    """XDS metadata whose structure cannot be read."""


class UnreadableCda(DocumentError):
    """Bytes that are no CDA document, or one whose structure cannot be read."""


class UnreadableSignature(DocumentError):
    """Bytes that are no lot signature."""


class ArchiveRefused(DocumentError):
    """A hostile or damaged archive."""


class CannotBuild(DocumentError):
    """A builder was given contradictory or missing material."""
