"""The rules by which the sandbox speaks of itself, whatever the protocol."""

from __future__ import annotations

from simulators.core.rules import Grade, Level, Rule, Text

SIM_BUG = Rule(
    id="SIM-BUG",
    level=Level.REFUSE,
    looks_at="the sandbox itself",
    source="this project",
    grade=Grade.INFERRED,
    sentence=Text("le bac à sable a rencontré une erreur imprévue", "the sandbox met an unforeseen error"),
    mend=Text(
        "signalez-la avec la ligne de journal citée ; votre message n'est pas en cause",
        "report it with the journal row named here; your message is not at fault",
    ),
    code="SIMBug",
    switchable=False,
    kind="transport",
)
SIM_FAULT = Rule(
    id="SIM-FAULT",
    level=Level.REFUSE,
    looks_at="a fault asked for on purpose",
    source="this project",
    grade=Grade.INFERRED,
    sentence=Text("panne demandée au bac à sable", "fault asked of the sandbox"),
    mend=Text("retirez la panne : segur-sandbox fault list", "remove the fault: segur-sandbox fault list"),
    code="SIMFault",
    switchable=False,
    kind="transport",
)
SIM_WORLD = Rule(
    id="SIM-WORLD",
    level=Level.REFUSE,
    looks_at="the world the message is for",
    source="this project",
    grade=Grade.INFERRED,
    sentence=Text(
        "ce monde n'existe pas, ou a été réinitialisé ou supprimé pendant l'échange ; rien n'a été enregistré",
        "this world does not exist, or was reset or deleted during the exchange; nothing was stored",
    ),
    mend=Text(
        "vérifiez l'adresse (/w/<monde>/) avec segur-sandbox world list, puis renvoyez le message",
        "check the address (/w/<world>/) with segur-sandbox world list, then send the message again",
    ),
    code="SIMWorld",
    switchable=False,
    kind="transport",
)
OWN_RULES = (SIM_BUG, SIM_FAULT, SIM_WORLD)
