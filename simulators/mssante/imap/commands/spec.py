"""What the dispatcher must know of a command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from simulators.core.listeners.session import Action
from simulators.mssante.imap.reader import Reader
from simulators.mssante.imap.state import Perform, State

Needs = Literal["", "nobody", "mailbox", "folder"]
Parse = Callable[[State, Reader, bool], Perform]
Direct = Callable[[State, Reader, bytes], Sequence[Action]]


@dataclass(frozen=True)
class Spec:
    """``parse`` reads the arguments and gives what runs in a transaction; ``direct`` commands concern the connection
    and answer themselves. ``loud``: always journalled, may write. ``expunges``: message numbers may change after it
    (RFC 3501 §7.4.1). ``uid``: it has a UID form."""

    name: str
    needs: Needs
    parse: Parse | None = None
    direct: Direct | None = None
    loud: bool = False
    expunges: bool = True
    uid: bool = False
