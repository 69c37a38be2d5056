"""From a TD2.1 request to the subject of its checks: lot, bytes, documents read, what the registry holds of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, TypeVar

from lxml import etree

from simulators.core.exchange import Call
from simulators.core.soap import MtomRefused, resolve_includes
from simulators.core.xml import XmlLimits, XmlRefused, clark, where
from simulators.dmp import registry_store as store
from simulators.dmp.document_settings import DOCUMENT_BYTES
from simulators.dmp.model import DmpRequest
from simulators.dmp.registry_store import Stored
from simulators.dmp.rules import lot_documents, lot_structure
from simulators.dmp.submission import Deposit, Known, Sent, Submission, Unreadable
from simulators.documents.cda.read import read_cda
from simulators.documents.errors import DocumentError, UnreadableMetadata
from simulators.documents.signature import read_signature
from simulators.documents.xds.model import DocumentEntry, Lot
from simulators.documents.xds.read import read_lot
from simulators.population import registry
from simulators.population.identifiers import InvalidIdentifier, split_ins_cx
from simulators.population.model import Patient

Item = TypeVar("Item")
_DOCUMENT: Final = clark("xds:Document")
_NOT_XML: Final = "application/dicom"
# What is damaged rather than dangerous.
_DAMAGED: Final = frozenset({"malformed", "empty", "encoding"})


def read_submission(call: Call, request: DmpRequest) -> Submission:
    """Raises ``Refused`` for a lot or a package that cannot be read at all."""
    lot = read_objects(call, request.soap.body)
    note_keys(call, lot)
    sent = _sent(call, request)
    used = {document.place for document in sent}
    attachments = request.multipart.attachments if request.multipart else ()
    limits = XmlLimits(bytes=DOCUMENT_BYTES.number(call.world.policy))
    deposits = tuple(_deposit(entry, _sent_for(entry, sent, lot), limits) for entry in lot.entries)
    return Submission(
        at=where(request.soap.body),
        lot=lot,
        deposits=deposits,
        sent=sent,
        unused=tuple(part.where for part in attachments if part.where not in used),
        vihf=request.vihf,
        parties=request.parties,
        policy=call.world.policy,
        patient=patient_of(call, request, lot),
        known=_known(call, lot),
        subjects=request.subjects,
    )


def note_keys(call: Call, lot: Lot) -> None:
    """The identifiers under which the journal finds this exchange again."""
    call.keys |= {f"document:{entry.unique_id}" for entry in lot.entries if entry.unique_id}
    call.keys |= {f"submission:{item.unique_id}" for item in lot.submission_sets if item.unique_id}
    for item in lot.submission_sets:
        matricule = (item.patient_id or "").partition("^")[0]
        call.keys |= {f"patient:{matricule}"} if matricule else set()


def read_objects(call: Call, body: etree._Element) -> Lot:
    """The registry objects of a request, exactly one submission set among them. Raises ``Refused``."""
    expected = "one RegistryObjectList whose objects have an id"
    try:
        lot = read_lot(body)
    except UnreadableMetadata as error:
        call.find(lot_structure.UNREADABLE.finding(error.where, found=error.reason, expected=expected))
        raise  # the rule cannot be switched off
    count = len(lot.submission_sets)
    if count != 1:
        place = lot.submission_sets[1].where() if count else lot.where()
        call.find(lot_structure.SETS.finding(place, found=str(count), expected="1"))
    return lot


def _sent(call: Call, request: DmpRequest) -> tuple[Sent, ...]:
    body = request.soap.body
    try:
        found = resolve_includes(body, request.multipart, inline=(_DOCUMENT,))
    except MtomRefused as refused:
        told = {"found": refused.found, "expected": refused.expected, "detail": refused.message_en}
        call.find(lot_documents.PART.finding(refused.where, **told))
        raise  # the rule cannot be switched off
    documents = []
    for element, binary in found.items():
        at = where(element)
        place = binary.part.where if binary.part is not None else at
        identifier = element.get("id", "")
        documents.append(Sent(identifier, at, place, binary.content, binary.content_with_separator))
    return tuple(documents)


def _sent_for(entry: DocumentEntry, sent: Iterable[Sent], lot: Lot) -> Sent | None:
    """To the letter, else whatever its case unless that is another entry's: a rule says what to think of it."""
    others = {other.entry_id for other in lot.entries}
    exact = next((document for document in sent if document.id == entry.entry_id), None)
    folded = entry.entry_id.casefold()
    near = (document for document in sent if document.id.casefold() == folded and document.id not in others)
    return exact or next(near, None)


def _deposit(entry: DocumentEntry, sent: Sent | None, limits: XmlLimits) -> Deposit:
    deposit = Deposit(entry, sent)
    if sent is None or entry.mime_type == _NOT_XML:
        return deposit
    if entry.is_signature:
        signature = _tried(deposit, sent, lambda data: read_signature(data))
        return signature if isinstance(signature, Deposit) else replace(deposit, signature=signature)
    cda = _tried(deposit, sent, lambda data: read_cda(data, limits=limits))
    return cda if isinstance(cda, Deposit) else replace(deposit, cda=cda)


def _tried(deposit: Deposit, sent: Sent, read: Callable[[bytes], Item]) -> Item | Deposit:
    """What the bytes hold, or the deposit with the reason why they cannot be read."""
    try:
        return read(sent.data)
    except XmlRefused as refused:
        at = f" (line {refused.line}, column {refused.column})" if refused.line is not None else ""
        hostile = refused.kind not in _DAMAGED
        return replace(deposit, problem=Unreadable(hostile, sent.place, refused.kind, f"{refused.message_en}{at}"))
    except DocumentError as error:
        at = deposit.inside(error.where) if error.where else sent.place
        return replace(deposit, problem=Unreadable(False, at, error.reason, error.reason))


def patient_of(call: Call, request: DmpRequest, lot: Lot) -> Patient | None:
    """The one the flow knows from the VIHF; another when the lot names another and the world lets it."""
    known = request.parties.patient
    written = lot.submission_sets[0].patient_id
    try:
        matricule, _ = split_ins_cx(written or "")
    except InvalidIdentifier:
        return known
    if known is not None and known.ins.matricule[:13] == matricule[:13]:
        return known
    return registry.patient(call.tx, matricule) or (known if request.vihf.patient is None else None)


def _known(call: Call, lot: Lot) -> Known:
    taken = [entry.unique_id for entry in lot.entries if entry.unique_id]
    held: dict[str, Stored] = {}
    for stored in store.documents_among(call.tx, store.documents.c.unique_id, taken):
        held[stored.unique_id] = stored
    targets = [(association.target_object or "").lower() for association in lot.associations]
    aimed = store.documents_among(call.tx, store.documents.c.entry_uuid, targets)
    return replace(known_sets(call, lot), entries=held, targets={s.entry_uuid: s for s in aimed})


def known_sets(call: Call, lot: Lot) -> Known:
    """Which uniqueIds of the submission sets are taken, and nothing else."""
    sets = [item.unique_id for item in lot.submission_sets if item.unique_id]
    found = store.submission_sets_among(call.tx, store.submission_sets.c.unique_id, sets)
    return Known(sets=frozenset(item.unique_id or "" for item in found))
