"""The drawn tree of errors of the shared ground.

::

    SandboxError
    ├── Refused               a verdict said no: carries findings, turned into wire bytes by one funnel
    ├── StoreError
    │   ├── WireInsideTransaction   a wire call, wait or sleep was tried inside a transaction
    │   ├── WorldGone               the world was deleted or never existed
    │   ├── LateWriter              the world was reset since the caller was given it (epoch)
    │   ├── StoreLocked             another process already owns this SQLite folder
    │   ├── StoreClosed             the store was closed; its folder may belong to another process now
    │   └── SchemaMismatch          the data folder was written by another schema version
    ├── RoutingConflict       a routing key (certificate, FINESS, domain...) already leads to another world
    ├── ClockMovesForwardOnly
    └── EnvironmentProblem    a port, a folder, a database: exit code 3
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulators.core.rules import Verdict


class SandboxError(Exception):
    """Root of every error this project raises on purpose."""


class Refused(SandboxError):
    """A verdict refuses the exchange; the protocol's funnel turns it into wire bytes."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        super().__init__("; ".join(f"{f.rule.id} at {f.where}" for f in verdict.refusing) or "refused")


class StoreError(SandboxError):
    """Root of what the store refuses."""


class WireInsideTransaction(StoreError):
    """A wire call, a wait or a sleep was attempted while this thread holds a transaction."""


class WorldGone(StoreError):
    """The world does not exist (any more)."""


class LateWriter(StoreError):
    """The world was reset or restored after the caller resolved it; nothing was written."""


class StoreLocked(StoreError):
    """A second process tried to open one SQLite folder; its message names the owner."""


class StoreClosed(StoreError):
    """A transaction was asked of a store that has been closed; nothing was written."""


class SchemaMismatch(StoreError):
    """The data folder belongs to another schema version (no migration before 1.0)."""


class RoutingConflict(SandboxError):
    """A routing key would lead to two worlds."""


class ClockMovesForwardOnly(SandboxError):
    """Business time never goes back."""


class EnvironmentProblem(SandboxError):
    """The machine lacks something (port, folder, database); the command exits with 3."""
