"""What the repository refuses to do::

CommandRefused
├── UnknownPatient
└── NotNow

"""

from __future__ import annotations

from simulators.core.errors import SandboxError


class CommandRefused(SandboxError):
    """The command, or what was given with it, makes no sense."""


class UnknownPatient(CommandRefused):
    """No identity of this world has that number, INS or reference name."""


class NotNow(CommandRefused):
    """The state of the identity or of its stay does not allow it."""
