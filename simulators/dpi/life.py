"""What may be asked of a document, and when: the life of its versions as pure values.

::

    draft ─ validate → validated ─ deferral over → queued ─ wire → sent ─ AA → acked ─ delete → … → deleted
      │ hold ⇄ resume     │ hold ⇄ resume            │ nothing left yet: hold, cancel     └ AE, given up → refused
      └ cancel            └ cancel                   └ afterwards no HL7 message cancels: replace, or delete

``acked`` is also where a version stands whose deletion was refused. Source: facts pfi §3.2, requirements PROG.02, .03,
ALI/PROG.05.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from simulators.core.errors import SandboxError
from simulators.core.rules import Text
from simulators.documents.hl7.model import Action
from simulators.dpi.produced import UNDER_WAY, State, Version


class Act(StrEnum):
    """What a user asks."""

    VALIDATE = "validate"
    HOLD = "hold"
    RESUME = "resume"
    CANCEL = "cancel"
    REPLACE = "replace"
    VISIBILITY = "visibility"
    DELETE = "delete"
    RESEND = "resend"


class NotNow(SandboxError):
    """The document does not stand where this may be asked; ``why`` in both languages."""

    def __init__(self, why: Text) -> None:
        self.why = why
        super().__init__(why.en)


_NOT_DRAFT: Final = Text("seul un brouillon se valide", "only a draft can be validated")
_NOT_HELD: Final = Text("ce document n'est pas suspendu", "this document is not on hold")
_LEFT: Final = Text(
    "l'ordre est parti vers le PFI : aucun message HL7 n'annule, remplacez ou supprimez le document",
    "the order has left for the PFI: no HL7 message cancels, replace or delete the document",
)
_OVER: Final = Text("l'ordre est terminé : il n'y a plus rien à retenir", "the order is over: nothing is left to stop")
_UNDER_WAY: Final = Text(
    "la dernière version n'est pas encore acquittée par le PFI : attendez, ou annulez-la",
    "the last version is not acknowledged by the PFI yet: wait, or cancel it",
)
_NOTHING_THERE: Final = Text(
    "le PFI n'a accepté aucune version : il n'y a rien à remplacer ni à supprimer",
    "the PFI has accepted no version: there is nothing to replace or delete",
)
_DELETED: Final = Text("le document est supprimé", "the document is deleted")
_NOT_SENT: Final = Text(
    "rien n'a encore été acquitté ni refusé : le message sera répété de lui-même",
    "nothing was acknowledged or refused yet: the message is repeated by itself",
)


def standing(versions: Sequence[Version]) -> Version:
    """The version whose state is that of the document: the one being deleted, else the last."""
    return next((one for one in versions if one.action is Action.DELETE), versions[-1])


def accepted(versions: Sequence[Version]) -> Version | None:
    """The latest version that the PFI has taken charge of."""
    return next((one for one in reversed(versions) if one.accepted), None)


def problem(act: Act, versions: Sequence[Version], *, left: bool) -> Text | None:
    """Why ``act`` is not possible now; None when it is. ``left``: octets of the open message went out, or may have."""
    state = standing(versions).state
    if act is Act.VALIDATE:
        return None if state is State.DRAFT else _NOT_DRAFT
    if act is Act.RESUME:
        return None if state is State.HELD else _NOT_HELD
    if act in {Act.HOLD, Act.CANCEL}:
        return _stopping(act, state, left)
    if state is State.DELETED:
        return _DELETED
    if act is Act.RESEND:
        return None if state in {State.ACKED, State.REFUSED} else _NOT_SENT
    if state in UNDER_WAY or state is State.DRAFT:
        return _UNDER_WAY
    return None if accepted(versions) else _NOTHING_THERE


def check(act: Act, versions: Sequence[Version], *, left: bool) -> None:
    """Raises :class:`NotNow`."""
    why = problem(act, versions, left=left)
    if why is not None:
        raise NotNow(why)


def _stopping(act: Act, state: State, left: bool) -> Text | None:
    waiting = {State.DRAFT, State.VALIDATED, *({State.HELD} if act is Act.CANCEL else ())}
    if state in waiting or (state is State.QUEUED and not left):
        return None
    return _OVER if state in {State.CANCELLED, State.HELD} else _LEFT
