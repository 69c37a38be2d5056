"""Each CDA against its entry, and what a CDA for the DMP must not hold.

No source says what the server checks here, and working parties break several of these: warnings, refused in the strict
profile (facts dmp-messages §5.2).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulators.core.rules import Example, Finding, Level
from simulators.dmp.rules.lot_codes import whole
from simulators.dmp.rules.lot_making import DOCUMENT, MAPPING, PDSM, REPOSITORY, TRACKER, lot_rule, slot
from simulators.dmp.rules.making import INFERRED, SOURCED
from simulators.dmp.submission import REPLACEMENTS, Deposit, Submission
from simulators.documents.cda.model import CdaDocument, Ts
from simulators.documents.errors import BadValue
from simulators.documents.xds.model import DocumentEntry
from simulators.documents.xds.values import ts_to_dtm
from simulators.population.codes import code_list

_A12: Final = "ASS_A12_MediaType_FormatCode"
_INSIDE: Final = f"{DOCUMENT}#/hl7:ClinicalDocument"
_SELF: Final = f"{TRACKER}, EX_2.1-1115; server reaction not published"

IDENTIFIER = lot_rule(
    "CDA-ID",
    "ClinicalDocument/id",
    "l'identifiant du CDA n'est pas l'uniqueId de sa fiche",
    "the identifier of the CDA is not the uniqueId of its entry",
    "reprenez ClinicalDocument/id dans uniqueId",
    "repeat ClinicalDocument/id in uniqueId",
    source=f"{MAPPING}; a published sample and a client in the field break it",
    grade=INFERRED,
    code=REPOSITORY,
    level=Level.WARN,
    strict=Level.REFUSE,
    needs=("UNIQUE-ID",),
    example=Example(f"{_INSIDE}/hl7:id", "1.2.250.1.999.9.1.2.9", "1.2.250.1.999.9.1.2.1"),
)
TYPE = lot_rule(
    "CDA-TYPE",
    "ClinicalDocument/code",
    "le type du CDA n'est pas le typeCode de sa fiche",
    "the type of the CDA is not the typeCode of its entry",
    "reprenez ClinicalDocument/code dans typeCode",
    "repeat ClinicalDocument/code in typeCode",
    source=MAPPING,
    grade=INFERRED,
    code=REPOSITORY,
    level=Level.WARN,
    strict=Level.REFUSE,
    needs=("TYPE",),
    example=Example(f"{_INSIDE}/hl7:code", "34112-3^^2.16.840.1.113883.6.1", "11490-0^^2.16.840.1.113883.6.1"),
)
BODY = lot_rule(
    "CDA-BODY",
    "body of the CDA and formatCode",
    "le corps du CDA ne correspond pas au format annoncé",
    "the body of the CDA does not match the format announced",
    "un format xds-sd va avec un corps nonXMLBody de son type de média, tout autre avec un corps structuré",
    "an xds-sd format goes with a nonXMLBody of its media type, any other with a structured body",
    source="ASS_A12; facts of published samples",
    grade=INFERRED,
    code=REPOSITORY,
    level=Level.WARN,
    strict=Level.REFUSE,
    needs=("FORMAT",),
    example=Example(f"{_INSIDE}/hl7:component/hl7:nonXMLBody/hl7:text", "text/plain", "application/pdf"),
)
STYLESHEET = lot_rule(
    "CDA-STYLESHEET",
    "style sheets of the CDA",
    "le document s'appuie sur une feuille de style externe",
    "the document relies on an external style sheet",
    "rendez le document autoprésentable, ou retirez l'instruction xml-stylesheet",
    "make the document self-presentable, or remove the xml-stylesheet instruction",
    source=f"{_SELF}; 17 of 18 published archives break it",
    grade=INFERRED,
    code=REPOSITORY,
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example(f"{DOCUMENT}#/processing-instruction()", "../FeuilleDeStyle/CDA-FO.xsl", "none, or embedded"),
)
SCRIPT = lot_rule(
    "CDA-SCRIPT",
    "scripts of the CDA",
    "le document contient un script",
    "the document holds a script",
    "retirez scripts, gestionnaires d'événements et liens javascript:",
    "remove scripts, event handlers and javascript: links",
    source=f"{_SELF}; a published self-presentable sample breaks it",
    grade=INFERRED,
    code=REPOSITORY,
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example(f"{_INSIDE}/hl7:title/@onclick", "onclick", "no script"),
)
LINK = lot_rule(
    "CDA-LINK",
    "outgoing links of the CDA",
    "le document contient un lien vers l'extérieur",
    "the document holds an outgoing link",
    "retirez les liens externes (href, src)",
    "remove external links (href, src)",
    source=_SELF,
    grade=INFERRED,
    code=REPOSITORY,
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example(f"{_INSIDE}/hl7:title/@href", "https://exemple.invalid/", "no outgoing link"),
)
UTC = lot_rule(
    "UTC",
    "instants of the metadata against the CDA",
    "l'instant de la fiche est en heure locale, pas en UTC",
    "the instant of the entry is in local time, not in UTC",
    "convertissez les instants du CDA en UTC dans les métadonnées XDS",
    "convert the instants of the CDA to UTC in the XDS metadata",
    source=f"{MAPPING}; a client in the field sends local time",
    grade=SOURCED,
    level=Level.WARN,
    example=Example(slot("creationTime"), "20260105093000", "20260105083000"),
)
NOT_ASSOCIATED = lot_rule(
    "CDA-REPLACES",
    "relatedDocument of the CDA",
    "le CDA dit remplacer un document, mais aucune association RPLC ne le dit dans le lot",
    "the CDA says it replaces a document, but no RPLC association says so in the lot",
    "ajoutez l'association RPLC vers l'entryUUID du document remplacé",
    "add the RPLC association to the entryUUID of the document replaced",
    source=f"{PDSM}, transaction TD2.1",
    grade=SOURCED,
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example(f"{_INSIDE}/hl7:relatedDocument", "1.2.250.1.999.9.1.2.0", "an RPLC association"),
)


def content(case: Submission) -> Iterator[Finding]:
    """Header and body of each CDA against its entry."""
    for deposit in case.documents:
        if deposit.cda is not None:
            yield from _header(deposit, deposit.cda)
            yield from _body(deposit, deposit.cda)
            yield from _instants(deposit.entry, deposit.cda)
            yield from _replaces(case, deposit, deposit.cda)


def presentation(case: Submission) -> Iterator[Finding]:
    """What a self-presentable document does without: the first of each kind, and how many there are."""
    for deposit in case.documents:
        if deposit.cda is None:
            continue
        shown = deposit.cda.presentation
        for sheet in shown.external[:1]:
            place, total = deposit.inside(sheet.where), len(shown.external)
            yield STYLESHEET.finding(place, found=sheet.href, expected="none, or embedded", total=total)
        for script in shown.scripts[:1]:
            place, total = deposit.inside(script.where), len(shown.scripts)
            yield SCRIPT.finding(place, found=script.target, expected="no script", total=total)
        for link in shown.links[:1]:
            place, total = deposit.inside(link.where), len(shown.links)
            yield LINK.finding(place, found=link.target, expected="no outgoing link", total=total)


def _header(deposit: Deposit, cda: CdaDocument) -> Iterator[Finding]:
    entry = deposit.entry
    if entry.unique_id and cda.unique_id != entry.unique_id:
        place = deposit.inside(cda.where("id"))
        yield IDENTIFIER.finding(place, found=cda.unique_id, expected=entry.unique_id)
    if cda.code is not None and whole(entry.type_code):
        found, expected = f"{cda.code.code}^^{cda.code.system}", f"{entry.type_code.code}^^{entry.type_code.system}"
        if found != expected:
            yield TYPE.finding(deposit.inside(cda.where("typeCode")), found=found, expected=expected)


def _body(deposit: Deposit, cda: CdaDocument) -> Iterator[Finding]:
    code = deposit.entry.format_code
    if code is None:
        return
    media = next((row.code for row in code_list(_A12) if row.extra["format_code"] == code.code), None)
    held = cda.body.media_type if cda.body.level == 1 else cda.body.kind
    if (media is not None and held != media) or (media is None and cda.body.level == 1):
        yield BODY.finding(deposit.inside(cda.body.where), found=held, expected=media or "structured")


def _instants(entry: DocumentEntry, cda: CdaDocument) -> Iterator[Finding]:
    event = cda.main_event
    told = [("creationTime", entry.creation_time, cda.effective_time)]
    told.append(("serviceStartTime", entry.service_start, event.low if event else None))
    for name, written, instant in told:
        expected = _utc(instant)
        if written and instant and expected and written != expected and instant.value.startswith(written):
            yield UTC.finding(entry.where(name), found=written, expected=expected)


def _utc(instant: Ts | None) -> str:
    """The instant as the entry should have it; empty when there is none, or none with an offset."""
    try:
        return ts_to_dtm(instant.value) if instant is not None else ""
    except BadValue:
        return ""


def _replaces(case: Submission, deposit: Deposit, cda: CdaDocument) -> Iterator[Finding]:
    replaced = [association.source_object for association in case.relations if association.type in REPLACEMENTS]
    link = next((link for link in cda.related if link.type_code == "RPLC"), None)
    if link is not None and deposit.entry.entry_id not in replaced:
        found = " ".join(parent.root for parent in link.parents)
        yield NOT_ASSOCIATED.finding(deposit.inside(link.where), found=found, expected="an RPLC association")


CHECKS: Final = (content, presentation)
RULES: Final = (IDENTIFIER, TYPE, BODY, STYLESHEET, SCRIPT, LINK, UTC, NOT_ASSOCIATED)
