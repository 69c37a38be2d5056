"""Who writes: professionals and patients told apart, a patient shown by name and INS (ECO.3.1.1, ECO.3.1.2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from simulators.console.mail.plain import one_line
from simulators.core.mail.words import Mailbox
from simulators.core.store.api import Tx
from simulators.mssante import mailboxes
from simulators.mssante.addresses import FICTITIOUS_CITIZEN, Address, Family


@dataclass(frozen=True, slots=True)
class Correspondent:
    """``family`` is ``professional``, ``citizen``, ``apicrypt``, ``outside``, or ``server`` for the null sender;
    ``matricule`` of a citizen; ``name`` is the world's own where it knows the mailbox."""

    name: str
    address: str
    family: str
    matricule: str = ""

    @property
    def shown(self) -> str:
        return self.name or self.matricule or self.address


class Names:
    """Looks each address up once."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._labels: dict[str, str] = {}

    def of(self, box: Mailbox) -> Correspondent:
        """One address of a header."""
        address = Address.read(box.address)
        if box.address.upper().startswith("MAILER-DAEMON@"):
            return Correspondent("MAILER-DAEMON", one_line(box.address), "server")
        label = self._label(address) if address.wellformed else ""
        # A patient is who the address says, whatever name the mail gives.
        name = label if address.family is Family.CITIZEN else one_line(box.name) or label
        return Correspondent(one_line(name), one_line(box.address), address.family.value, address.matricule)

    def all(self, boxes: Iterable[Mailbox]) -> list[Correspondent]:
        return [self.of(box) for box in boxes]

    def _label(self, address: Address) -> str:
        key = f"{address.matricule.lower()}@{FICTITIOUS_CITIZEN}" if address.matricule else address.key
        if key not in self._labels:
            found = mailboxes.find(self._tx, key)
            self._labels[key] = found.label if found is not None else ""
        return self._labels[key]
