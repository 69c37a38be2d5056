"""What a mail says of the documents it carries: subject, file names, X-MSS values, drawn from the CDA.

Source: facts mssante.md 3.1 (X-MSS-CODECDA ECO.2.4.1, X-MSS-INS ECO.2.4.2), 3.2 (subject ECO.2.1.3), 3.3 (file name
ECO.2.1.6).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from simulators.documents.cda.model import CdaDocument, Ii
from simulators.population.identifiers import INS_OIDS

SUBJECT_PREFIX = "XDM/1.0/DDM"
ARCHIVE_NAME = "IHE_XDM.ZIP"
END = "FIN"
END_SUBJECT = "[FIN]"
_NOT_A_WORD = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Traits:
    """The traits of the patient of a CDA, as written; empty where absent. ``birth_date`` is ``YYYYMMDD``."""

    family: str
    given: str
    birth_date: str
    sex: str

    @property
    def complete(self) -> bool:
        """Birth name, first given name, birth date, sex: what a qualified INS travels with."""
        return bool(self.family and self.given and len(self.birth_date) == 8 and self.sex)

    @property
    def french_date(self) -> str:
        """``DD/MM/YYYY``, or empty."""
        date = self.birth_date
        return f"{date[6:]}/{date[4:6]}/{date[:4]}" if len(date) == 8 else ""


def ins_of(cda: CdaDocument) -> Ii | None:
    """The national identifier of the patient, if the document has one."""
    identifiers = cda.patient.ids if cda.patient else ()
    return next((found for found in identifiers if found.root in INS_OIDS and found.extension), None)


def traits_of(cda: CdaDocument) -> Traits:
    """First given name: the one qualified BR, else the first of the list."""
    patient = cda.patient
    if patient is None:
        return Traits("", "", "", "")
    given = patient.birth_given or patient.given_names
    return Traits(
        patient.birth_family.text if patient.birth_family else "",
        (given.text.split() or [""])[0] if given else "",
        patient.birth_time.value[:8] if patient.birth_time else "",
        patient.sex.code if patient.sex else "",
    )


def qualified(cda: CdaDocument) -> bool:
    """Matricule, authority and traits are all there (ECO.2.4.2)."""
    return ins_of(cda) is not None and traits_of(cda).complete


def ins_flag(documents: Iterable[CdaDocument]) -> str:
    """X-MSS-INS: ``O`` when a qualified INS is in the archive, else ``N``."""
    return "O" if any(qualified(cda) for cda in documents) else "N"


def code_list_of(documents: Iterable[CdaDocument]) -> str:
    """X-MSS-CODECDA: the code of each document, comma separated."""
    return ",".join(cda.code.code for cda in documents if cda.code and cda.code.code)


def label_of(cda: CdaDocument) -> str:
    """What the document is called: its title, else the label of its type."""
    title = cda.title.text if cda.title else ""
    return title or (cda.code.display if cda.code else "") or "Document"


def subject_of(cda: CdaDocument) -> str:
    """``XDM/1.0/DDM+<label> <NAME> <given name> <birth date>``."""
    traits = traits_of(cda)
    told = (label_of(cda), traits.family.upper(), traits.given, traits.french_date)
    return f"{SUBJECT_PREFIX}+{' '.join(filter(None, told))}"


def pdf_name_of(cda: CdaDocument) -> str:
    """``<date of the act>_<type of document>_<NAME>_<given name>.pdf``, in plain letters."""
    traits, event = traits_of(cda), cda.main_event
    act = event.low if event and event.low else cda.effective_time
    date = act.value[:8] if act else ""
    return (
        "_".join(filter(None, (date, *(_plain(t) for t in (label_of(cda), traits.family.upper(), traits.given)))))
        + ".pdf"
    )


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return _NOT_A_WORD.sub("_", letters).strip("_")
