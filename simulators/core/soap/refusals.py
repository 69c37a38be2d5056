"""What the SOAP layer refuses, before any business rule looks at the message."""

from __future__ import annotations

from typing import Literal

from simulators.core.errors import SandboxError

FaultCode = Literal["Sender", "Receiver", "MustUnderstand", "VersionMismatch"]

MtomKind = Literal[
    "not-multipart",
    "boundary",
    "unclosed",
    "too-many-parts",
    "headers",
    "duplicate-content-id",
    "missing-root",
    "transfer-encoding",
    "reference",
    "missing-part",
    "inline",
]


class SoapRefused(SandboxError):
    """An envelope that cannot be processed: the Fault code, a sentence in French (``text``) and English, and the place.

    ``where`` is an XPath in the message; ``subcode`` a QName ``soap:...`` or ``wsse:...``, or empty.
    """

    def __init__(
        self,
        code: FaultCode,
        text: str,
        text_en: str,
        where: str,
        *,
        found: str = "",
        expected: str = "",
        subcode: str = "",
    ) -> None:
        super().__init__(text_en)
        self.code: FaultCode = code
        self.text = text
        self.text_en = text_en
        self.where = where
        self.found = found
        self.expected = expected
        self.subcode = subcode


class MtomRefused(SandboxError):
    """A multipart message that cannot be taken apart.

    ``where`` is ``Content-Type`` (of the request), ``part[n]``, ``part[n]/Header-Name``, or an XPath of the envelope.
    """

    def __init__(
        self, kind: MtomKind, where: str, message_en: str, message_fr: str, *, found: str = "", expected: str = ""
    ) -> None:
        super().__init__(f"{message_en} ({where})")
        self.kind: MtomKind = kind
        self.where = where
        self.message_en = message_en
        self.message_fr = message_fr
        self.found = found
        self.expected = expected
