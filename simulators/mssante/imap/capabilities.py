"""What the server offers, before and after a mailbox is opened.

Source: RFC 3501 §6.1.1; each name its RFC: 7888 (LITERAL+), 4959 (SASL-IR), 2971 (ID), 5161 (ENABLE), 2177 (IDLE), 2342
(NAMESPACE), 4315 (UIDPLUS), 6851 (MOVE), 3348 (CHILDREN), 6154 (SPECIAL-USE), 3691 (UNSELECT), 7162 (CONDSTORE), 5258
(LIST-EXTENDED), 5819 (LIST-STATUS), 8438 (STATUS=SIZE), 9208 (QUOTA), 7889 (APPENDLIMIT).
"""

from __future__ import annotations

from typing import Final

from simulators.mssante.imap.state import State

_ALWAYS: Final = "IMAP4rev1 LITERAL+ SASL-IR ID ENABLE"
_OPENED: Final = (
    "IDLE NAMESPACE UIDPLUS MOVE CHILDREN SPECIAL-USE UNSELECT CONDSTORE LIST-EXTENDED LIST-STATUS STATUS=SIZE QUOTA "
    "QUOTA=RES-STORAGE"
)


def capabilities(state: State) -> str:
    """The names, after the word CAPABILITY."""
    limit = f"APPENDLIMIT={state.house.largest}"
    if state.access is not None:
        return f"{_ALWAYS} {_OPENED} {limit}"
    offered = state.house.authenticator.mechanisms(state.link, state.house.listener)
    words = [f"AUTH={name}" for name in offered]
    words += [] if {"PLAIN", "LOGIN"} & set(offered) else ["LOGINDISABLED"]
    words += ["STARTTLS"] if state.house.starttls and state.link.tls is None else []
    return " ".join([_ALWAYS, *words])
