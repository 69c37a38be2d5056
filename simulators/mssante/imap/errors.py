"""How a command ends other than by OK."""

from __future__ import annotations

from simulators.core.errors import SandboxError


class ImapError(SandboxError):
    """Root, carried to the session's funnel::

    ImapError
    ├── Bad     the command is not IMAP, or not now (RFC 3501 §7.1.3)
    ├── No      it is, and cannot be done (§7.1.2)
    └── Bye     the connection cannot go on (§7.1.5)
    """


class Bad(ImapError):
    """``text`` is one ASCII sentence."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)


class No(ImapError):
    """``code`` is a response code without brackets (RFC 5530), empty for none."""

    def __init__(self, text: str, code: str = "") -> None:
        self.text, self.code = text, code
        super().__init__(f"[{code}] {text}" if code else text)


class Bye(ImapError):
    """``code`` as for :class:`No`."""

    def __init__(self, text: str, code: str = "") -> None:
        self.text, self.code = text, code
        super().__init__(text)
