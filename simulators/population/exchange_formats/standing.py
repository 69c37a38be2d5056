"""The columns every family of people and places has: reference name, adopted, kept as received."""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Text
from simulators.population.exchange_formats import cells
from simulators.population.exchange_formats.family import Column

REFERENCE: Final = Column(
    "reference",
    "slug",
    cells.IDENTIFIER,
    Text("Nom de référence pour les scénarios ; vide : l'identifiant", "Name for scenarios; empty: the identifier"),
    aliases=("slug",),
)
ADOPTED: Final = Column(
    "adopte",
    "adopted",
    cells.FLAG,
    Text("oui : venu du fil, jamais déclaré", "oui: came over the wire, never declared"),
)
AS_RECEIVED: Final = Column(
    "tel_que_recu",
    "as_received",
    cells.FLAG,
    Text("oui : identifiants gardés quelle que soit leur clé", "oui: identifiers kept whatever their key"),
)
