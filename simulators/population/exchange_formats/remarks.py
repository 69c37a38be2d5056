"""What an import says of one row: a catalogue of kinds, in both languages, and the notes of a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from simulators.core.rules import Level, Text

_LONGEST_QUOTE: Final = 120


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing an import can say. ``code`` begins with ``SIM-IMPORT-``: the sandbox's own, not a national code."""

    code: str
    level: Level
    sentence: Text
    mend: Text


@dataclass(frozen=True, slots=True)
class Remark:
    """One remark: ``column`` is the CSV column, the JSON pointer or the HL7 field, empty for the whole row."""

    kind: Kind
    column: str = ""
    found: str = ""
    expected: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.kind.code,
            "level": str(self.kind.level),
            "column": self.column,
            "found": self.found,
            "expected": self.expected,
            "sentence": {"fr": self.kind.sentence.fr, "en": self.kind.sentence.en},
            "mend": {"fr": self.kind.mend.fr, "en": self.kind.mend.en},
        }


@dataclass
class Notes:
    """The remarks of one row. ``place`` tells a field of the JSON form (``birth_name``) in the words of the file."""

    place: Callable[[str], str] = str
    remarks: list[Remark] = field(default_factory=list)

    def add(self, kind: Kind, where: str = "", *, found: object = "", expected: object = "") -> None:
        """``where`` is a field of the JSON form, empty for the whole member."""
        self.at(kind, self.place(where), found=found, expected=expected)

    def at(self, kind: Kind, column: str = "", *, found: object = "", expected: object = "") -> None:
        """``column`` is already in the words of the file."""
        self.remarks.append(Remark(kind, column, shortened(found), shortened(expected, 400)))

    @property
    def refused(self) -> bool:
        return any(remark.kind.level is Level.REFUSE for remark in self.remarks)


def shortened(value: object, limit: int = _LONGEST_QUOTE) -> str:
    """What a report quotes: cut, and without a character that would move a terminal's cursor."""
    text = value if isinstance(value, str) else str(value)
    shown = "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in text[:limit])
    return shown if len(text) <= limit else shown + "…"


def _refusal(code: str, fr: str, en: str, mend_fr: str, mend_en: str) -> Kind:
    return Kind(f"SIM-IMPORT-{code}", Level.REFUSE, Text(fr, en), Text(mend_fr, mend_en))


def _warning(code: str, fr: str, en: str, mend_fr: str, mend_en: str) -> Kind:
    return Kind(f"SIM-IMPORT-{code}", Level.WARN, Text(fr, en), Text(mend_fr, mend_en))


# -- the file ---------------------------------------------------------------------------------------------------------

TOO_LARGE = _refusal(
    "TOO-LARGE",
    "Le fichier, la ligne ou le message est trop grand.",
    "The file, the line or the message is too large.",
    "Découper le fichier en plusieurs.",
    "Split the file.",
)
TOO_MANY_ROWS = _refusal(
    "TOO-MANY-ROWS",
    "Le fichier a trop de lignes.",
    "The file has too many rows.",
    "Découper le fichier en plusieurs.",
    "Split the file.",
)
EMPTY = _refusal(
    "EMPTY",
    "Le fichier ne contient rien à importer.",
    "The file holds nothing to import.",
    "Donner au moins une ligne après l'en-tête, un membre ou un message.",
    "Give at least one row after the header, one member or one message.",
)
ENCODING = _refusal(
    "ENCODING",
    "Le fichier n'est pas dans le jeu de caractères annoncé.",
    "The file is not in the character set announced.",
    "Enregistrer en UTF-8, ou annoncer windows-1252 (pour HL7 : MSH-18).",
    "Save as UTF-8, or announce windows-1252 (for HL7: MSH-18).",
)
NUL = _refusal(
    "NUL",
    "La ligne contient un octet nul.",
    "The row holds a NUL byte.",
    "Réexporter le fichier en texte ; un octet nul signale souvent de l'UTF-16.",
    "Export the file again as text; a NUL byte often means UTF-16.",
)
FORMAT = _refusal(
    "FORMAT",
    "Le format du fichier n'est pas reconnu.",
    "The format of the file is not known.",
    "Donner du CSV, du JSON ou de l'HL7 v2 ADT.",
    "Give CSV, JSON or HL7 v2 ADT.",
)
FAMILY = _refusal(
    "FAMILY",
    "On ne peut pas dire ce que contient le fichier.",
    "One cannot tell what the file holds.",
    "Nommer les colonnes comme dans le modèle (population template), ou donner la famille.",
    "Name the columns as in the template (population template), or give the family.",
)
JSON = _refusal(
    "JSON",
    "Le fichier n'est pas du JSON lisible.",
    "The file is not readable JSON.",
    "Corriger la syntaxe à la ligne indiquée.",
    "Mend the syntax at the line told.",
)

# -- CSV --------------------------------------------------------------------------------------------------------------

UNKNOWN_COLUMN = _refusal(
    "UNKNOWN-COLUMN",
    "Colonne inconnue.",
    "Unknown column.",
    "Corriger le nom de la colonne, ou la retirer.",
    "Mend the name of the column, or take it away.",
)
COLUMN_TWICE = _refusal(
    "COLUMN-TWICE",
    "La même colonne est donnée deux fois.",
    "The same column is given twice.",
    "Garder une seule de ces colonnes.",
    "Keep one of these columns only.",
)
COLUMN_MISSING = _refusal(
    "COLUMN-MISSING",
    "Il manque une colonne obligatoire.",
    "A required column is missing.",
    "Ajouter la colonne.",
    "Add the column.",
)
CELLS = _refusal(
    "CELLS",
    "La ligne n'a pas autant de cellules que l'en-tête.",
    "The row has not as many cells as the header.",
    "Mettre entre guillemets une cellule qui contient le séparateur ; compléter la ligne.",
    "Quote a cell that holds the delimiter; complete the row.",
)
QUOTE = _refusal(
    "QUOTE",
    "Un guillemet est ouvert et n'est pas refermé, ou est mal placé.",
    "A quotation mark is opened and not closed, or is misplaced.",
    "Refermer le guillemet ; doubler un guillemet à l'intérieur d'une cellule.",
    "Close the quotation mark; double one inside a cell.",
)

# -- values -----------------------------------------------------------------------------------------------------------

REQUIRED = _refusal(
    "REQUIRED",
    "Une valeur obligatoire manque.",
    "A required value is missing.",
    "Donner la valeur.",
    "Give the value.",
)
VALUE = _refusal(
    "VALUE",
    "La valeur n'a pas la forme attendue.",
    "The value has not the form expected.",
    "Donner une valeur de la forme attendue.",
    "Give a value of the form expected.",
)
INS_KEY = _refusal(
    "INS-KEY",
    "La clé de l'INS est fausse.",
    "The key of the INS is wrong.",
    "Corriger l'INS ; un INS de test se tire de segur-sandbox ou des jeux nationaux.",
    "Mend the INS; take a test INS from segur-sandbox or from the national sets.",
)
INS_SAMPLE = _warning(
    "INS-SAMPLE",
    "La clé de cet INS d'exemple national est fausse ; il est gardé tel quel.",
    "The key of this national sample INS is wrong; it is kept as it is.",
    "Rien à faire pour un essai ; hors des exemples nationaux, cet INS serait refusé.",
    "Nothing to do for a test; outside the national samples this INS would be refused.",
)
KEY = _warning(
    "KEY",
    "La clé de l'identifiant est fausse ; il est gardé tel quel.",
    "The key of the identifier is wrong; it is kept as it is.",
    "Vérifier l'identifiant ; le service national peut le refuser.",
    "Check the identifier; the national service may refuse it.",
)
REAL = _warning(
    "REAL-IDENTIFIER",
    "L'identifiant a l'allure de celui d'une personne réelle.",
    "The identifier looks like that of a real person.",
    "N'employer que des identités de test : INS sous l'OID .10, RPPS en 997.",
    "Use test identities only: INS under the OID .10, RPPS beginning with 997.",
)
TWICE = _refusal(
    "TWICE",
    "Le fichier donne déjà ce membre.",
    "The file already gives this member.",
    "Garder une seule des deux lignes.",
    "Keep one of the two rows only.",
)
DISAGREES = _refusal(
    "DISAGREES",
    "Deux lignes du même membre se contredisent.",
    "Two rows of the same member disagree.",
    "Donner la même valeur sur chaque ligne du membre.",
    "Give the same value in each row of the member.",
)
NAME_TAKEN = _refusal(
    "NAME-TAKEN",
    "Un autre membre du fichier porte déjà ce nom de référence.",
    "Another member of the file already bears this reference name.",
    "Choisir un autre nom de référence.",
    "Choose another reference name.",
)
NAME_ELSEWHERE = _warning(
    "NAME-ELSEWHERE",
    "Un autre membre du monde porte déjà ce nom de référence : l'identifiant en tient lieu.",
    "Another member of the world already bears this reference name: the identifier stands in for it.",
    "Choisir un autre nom de référence, si un scénario en a besoin.",
    "Choose another reference name, if a scenario needs one.",
)
CONTRADICTION = _refusal(
    "CONTRADICTION",
    "Les valeurs de la ligne se contredisent.",
    "The values of the row contradict each other.",
    "Accorder les valeurs.",
    "Make the values agree.",
)
ROUTE_TAKEN = _refusal(
    "ROUTE-TAKEN",
    "Cet identifiant mène déjà à un autre monde.",
    "This identifier already leads to another world.",
    "Choisir un autre identifiant, ou supprimer l'autre monde.",
    "Choose another identifier, or delete the other world.",
)

# -- HL7 v2 -----------------------------------------------------------------------------------------------------------

NO_MSH = _refusal(
    "NO-MSH",
    "Le message ne commence pas par un segment MSH.",
    "The message does not begin with an MSH segment.",
    "Commencer chaque message par MSH|^~\\&| ; un segment par ligne.",
    "Begin each message with MSH|^~\\&|; one segment per line.",
)
NOT_ADT = _refusal(
    "NOT-ADT",
    "Le message n'est pas un ADT.",
    "The message is no ADT.",
    "N'importer que des ADT ; ORU et MDM s'envoient à un service.",
    "Import ADT only; ORU and MDM are sent to a service.",
)
EVENT = _warning(
    "EVENT",
    "Cet événement ne décrit pas l'état d'un patient : message ignoré.",
    "This event does not describe the state of a patient: message ignored.",
    "Importer des A28 ou A31, ou un mouvement qui porte l'identité (A01, A04, A05…).",
    "Import A28 or A31, or a movement that carries the identity (A01, A04, A05…).",
)
NO_PID = _refusal(
    "NO-PID",
    "Le message n'a pas exactement un segment PID.",
    "The message has not exactly one PID segment.",
    "Donner un segment PID par message.",
    "Give one PID segment per message.",
)
NO_INS = _refusal(
    "NO-INS",
    "PID-3 ne porte pas d'INS (CX-5 = INS sous une autorité INS) : le bac à sable connaît les patients par leur INS.",
    "PID-3 carries no INS (CX-5 = INS under an INS authority): the sandbox knows patients by their INS.",
    "Ajouter à PID-3 la répétition <INS>^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS.",
    "Add to PID-3 the repetition <INS>^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS.",
)
NOT_VALI = _refusal(
    "NOT-VALI",
    "L'identité n'est pas au statut VALI : l'INS ne peut pas être retenu (PAM France).",
    "The identity has not the status VALI: the INS may not be kept (PAM France).",
    "N'envoyer l'INS que pour une identité qualifiée, PID-32 = VALI.",
    "Send the INS for a qualified identity only, PID-32 = VALI.",
)
CHARSET = _warning(
    "CHARSET",
    "MSH-18 annonce un jeu sur un octet, les octets sont de l'UTF-8 : lus comme de l'UTF-8.",
    "MSH-18 announces a single-byte set, the bytes are UTF-8: read as UTF-8.",
    "Annoncer UNICODE UTF-8 en MSH-18, ou envoyer le jeu annoncé.",
    "Announce UNICODE UTF-8 in MSH-18, or send the set announced.",
)
