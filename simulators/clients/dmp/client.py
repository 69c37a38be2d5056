"""The client: one professional of one structure, speaking to one DMP."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import TracebackType
from typing import Self
from uuid import UUID

from lxml import etree

from simulators.clients.dmp import messages
from simulators.clients.dmp.answers import DmpAnswer, read_answer
from simulators.clients.dmp.envelope import request_envelope
from simulators.clients.dmp.lot import CONTENT_TYPE, Submitter, feed, submission_set
from simulators.clients.dmp.updates import FLAGS, FROM_GUARDIANS, MASKED, metadata_update, status_update, with_flags
from simulators.clients.dmp.vihf import AIR, SECRET, VihfPlan, build_vihf
from simulators.clients.transport import Channel
from simulators.core.errors import SandboxError
from simulators.core.soap import Attachment, write_multipart
from simulators.core.xml import parse, serialize
from simulators.documents.xds import schemes
from simulators.documents.xds.model import Code, DocumentEntry, SubmissionSet
from simulators.documents.xds.read import read_entry
from simulators.population.ins import Ins
from simulators.population.model import Professional, Structure

SERVICES = "/si-dmp-server/v2/services"
SOAP_TYPE = "application/soap+xml"
REPOSITORY = "1.2.250.1.213.4.1.1.1.2"
ACTIONS = {
    "TD0.2": "urn:hl7-org:v3:PRPA_IN201307UV02",
    "TD0.3": "urn:si-dmp-habilitations:HabilitationsEndPoint:setAuthorization",
    "TD2.1": "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b",
    "TD3.1": "urn:ihe:iti:2007:RegistryStoredQuery",
    "TD3.2": "urn:ihe:iti:2007:RetrieveDocumentSet",
    **dict.fromkeys(("TD3.3a", "TD3.3b", "TD3.3c", "TD3.3d"), "urn:ihe:iti:2010:UpdateDocumentSet"),
}
USER_ACT = "X-Sandbox-User-Act"
BREAKS: Mapping[str, tuple[str, ...]] = {
    "vihf.": tuple(ACTIONS),
    "signature.SignatureValue": tuple(ACTIONS),
    "entry.typeCode": ("TD2.1",),
    "entry.uniqueId": ("TD2.1",),
    "query.id": ("TD3.1",),
    "retrieve.DocumentUniqueId": ("TD3.2",),
    "existence.ins": ("TD0.2",),
    **dict.fromkeys(("update.OriginalStatus", "update.NewStatus"), ("TD3.3c", "TD3.3d")),
    **dict.fromkeys(("update.sourceObject", "update.targetObject"), ("TD3.3c", "TD3.3d")),
    **dict.fromkeys(("update.PreviousVersion", "update.lid"), ("TD3.3a", "TD3.3b")),
}
INDIRECT = "INDIRECTE"
NOT_FOUND = "SIMDocumentNotFound"
"""Our own code: the look-up of a reference found nothing, so the request that needs it was not sent."""
ROOT_ID = "root@segur-sandbox.test"


class CannotBreak(SandboxError):
    """A wrong byte was asked for that the message does not have."""


@dataclass
class DmpClient:
    """``ids`` and ``now`` are given: a scenario replays with the same identifiers.

    ``breaks`` holds named wrong bytes, those of :data:`BREAKS`: ``vihf.<attribute>``,
    ``signature.SignatureValue`` (``flip``), ``entry.typeCode``...
    """

    channel: Channel
    submitter: Submitter
    issuer: str
    ids: Callable[[], UUID]
    now: Callable[[], datetime]
    breaks: Mapping[str, str] = field(default_factory=dict)
    last_message_id: str = ""

    @property
    def professional(self) -> Professional:
        return self.submitter.professional

    @property
    def structure(self) -> Structure:
        return self.submitter.structure

    def broken(self, breaks: Mapping[str, str], operation: str | None = None) -> DmpClient:
        """The same client with these wrong bytes. Raises :class:`CannotBreak` when ``operation`` has no such place."""
        for name, value in breaks.items():
            _check_break(name, value, operation)
        return DmpClient(self.channel, self.submitter, self.issuer, self.ids, self.now, breaks)

    def exists(self, ins: Ins) -> DmpAnswer:
        """TD0.2: ``values`` holds ``state`` (active, terminated, none) and ``authorisation``."""
        asked = Ins.as_received(self.breaks.get("existence.ins", ins.matricule), ins.oid)
        body = messages.existence_test(asked, str(self.ids()), self.now())
        return self._call("TD0.2", "/patients", body, ins, AIR)

    def authorise(self, ins: Ins, action: str = "AJOUT", role: str | None = None) -> DmpAnswer:
        """TD0.3 on behalf of the professional."""
        return self._call("TD0.3", "/habilitations", messages.set_authorization(action, role), ins, AIR)

    def feed(
        self,
        ins: Ins,
        documents: Sequence[bytes],
        *,
        replaces: str | None = None,
        visibility: Sequence[Code] = (),
        content_type: Code = CONTENT_TYPE,
        connexion_secrete: bool = False,
    ) -> tuple[DmpAnswer, str]:
        """TD2.1 of a signed lot; the answer and the uniqueId of the first document.

        ``replaces`` is the entryUUID of the document that the first one replaces; ``visibility`` are confidentiality
        codes of every document besides its own (:data:`~simulators.clients.dmp.updates.FLAGS`); ``connexion_secrete``:
        unknown to the guardians of a minor, which also wants the code ``INVISIBLE_REPRESENTANTS_LEGAUX``.
        """
        lot = feed(
            self.submitter,
            documents,
            patient_cx=ins.cx(),
            source_id=messages.LPS_OID,
            now=self.now(),
            oid=self.oid,
            overrides={k[6:]: v for k, v in self.breaks.items() if k.startswith("entry.")},
            replaces=replaces,
            visibility=visibility,
            content_type=content_type,
        )
        told = {SECRET: FROM_GUARDIANS} if connexion_secrete else {}
        answer = self._call("TD2.1", "/repository", lot.body, ins, INDIRECT, lot.parts, told=told)
        return answer, lot.unique_ids[0]

    def search(self, ins: Ins, slots: Mapping[str, str] | None = None, *, user_act: bool = True) -> DmpAnswer:
        """TD3.1 FindDocuments on approved documents; ``values`` holds ``count`` and ``entries``."""
        asked = {
            "$XDSDocumentEntryPatientId": f"'{ins.cx()}'",
            "$XDSDocumentEntryStatus": messages.quoted(messages.APPROVED),
            **(slots or {}),
        }
        query = self.breaks.get("query.id", messages.FIND_DOCUMENTS)
        headers = {USER_ACT: "1"} if user_act else {}
        return self._call("TD3.1", "/registry", messages.stored_query(query, asked), ins, AIR, headers=headers)

    def reference(self, ins: Ins, unique_id: str) -> DmpAnswer:
        """TD3.1b: the entryUUIDs of a document by its uniqueId, in ``entries``: the version in force first."""
        slots = {"$XDSDocumentEntryUniqueId": messages.quoted(unique_id)}
        body = messages.stored_query(messages.GET_DOCUMENTS, slots, "ObjectRef")
        answer = self._call("TD3.1", "/registry", body, ins, INDIRECT)
        found = answer.values.get("entries")
        # The registry answers in the order of registration.
        return replace(answer, values={**answer.values, "entries": found[::-1]}) if isinstance(found, list) else answer

    def delete(self, ins: Ins, document: str, *, old: str = schemes.APPROVED) -> DmpAnswer:
        """TD3.3c in the name of the structure. ``document`` is an entryUUID, or a uniqueId looked up first (TD3.1b);
        ``old`` is the status it has. Nothing found: refused with :data:`NOT_FOUND`."""
        found = self.in_force(ins, document)
        if isinstance(found, DmpAnswer):
            return found
        return self._status("TD3.3c", ins, found, old, schemes.DELETED, INDIRECT)

    def archive(self, ins: Ins, document: str, *, back: bool = False) -> DmpAnswer:
        """TD3.3d by the professional, or its opposite; ``document`` as for :meth:`delete`."""
        found = self.in_force(ins, document)
        if isinstance(found, DmpAnswer):
            return found
        old, new = (schemes.ARCHIVED, schemes.APPROVED) if back else (schemes.APPROVED, schemes.ARCHIVED)
        return self._status("TD3.3d", ins, found, old, new, AIR)

    def mask(self, ins: Ins, unique_id: str, *, back: bool = False) -> DmpAnswer:
        """TD3.3a by the professional, who needs an authorisation: masks to professionals, or unmasks."""
        return self._visibility("TD3.3a", ins, unique_id, () if back else {MASKED}, {MASKED} if back else ())

    def show(self, ins: Ins, unique_id: str) -> DmpAnswer:
        """TD3.3b by the professional, who needs an authorisation: visible to the patient and to the guardians."""
        return self._visibility("TD3.3b", ins, unique_id, (), FLAGS.keys() - {MASKED})

    def update_metadata(self, operation: str, ins: Ins, entry: DocumentEntry, flags: Collection[str]) -> DmpAnswer:
        """``operation`` is TD3.3a or TD3.3b; ``entry`` is what a search returned, sent again with these visibility
        codes and no other. Raises ``ValueError`` for a code that is none."""
        codes = with_flags(entry.confidentiality_codes, flags)
        body = metadata_update(self._submission(ins), entry, codes, self._wrong())
        return self._call(operation, "/registry", body, ins, AIR)

    def entries(self, ins: Ins, unique_id: str) -> tuple[DmpAnswer, list[DocumentEntry]]:
        """TD3.1 GetDocuments: every version of a document's metadata that the professional may know of, the one in
        force last."""
        slots = {"$XDSDocumentEntryUniqueId": messages.quoted(unique_id)}
        body = messages.stored_query(messages.GET_DOCUMENTS, slots)
        answer = self._call("TD3.1", "/registry", body, ins, AIR, headers={USER_ACT: "1"})
        if answer.outcome != "accepted":
            return answer, []
        return answer, [read_entry(one) for one in parse(answer.body).iter(f"{{{schemes.RIM}}}ExtrinsicObject")]

    def in_force(self, ins: Ins, document: str) -> str | DmpAnswer:
        """The entryUUID of a document in force, by its uniqueId (TD3.1b); what names one already is returned as it
        is. The answer when it was refused, or with :data:`NOT_FOUND` when it told of none."""
        if document.startswith("urn:uuid:"):
            return document
        answer = self.reference(ins, document)
        found = answer.values.get("entries")
        if isinstance(found, list) and found:
            return str(found[0])
        return _nothing(answer, document) if answer.outcome == "accepted" else answer

    def _visibility(
        self, operation: str, ins: Ins, unique_id: str, more: Collection[str], less: Collection[str]
    ) -> DmpAnswer:
        answer, entries = self.entries(ins, unique_id)
        if not entries:
            return _nothing(answer, unique_id) if answer.outcome == "accepted" else answer
        held = {code.code for code in entries[-1].confidentiality_codes} & FLAGS.keys()
        return self.update_metadata(operation, ins, entries[-1], (held | set(more)) - set(less))

    def _status(self, operation: str, ins: Ins, entry_uuid: str, old: str, new: str, mode: str) -> DmpAnswer:
        body = status_update(self._submission(ins), entry_uuid, old, new, self._wrong())
        return self._call(operation, "/registry", body, ins, mode)

    def _submission(self, ins: Ins) -> SubmissionSet:
        return submission_set(self.submitter, self.oid(), ins.cx(), messages.LPS_OID, self.now())

    def _wrong(self) -> Mapping[str, str]:
        return {name[7:]: value for name, value in self.breaks.items() if name.startswith("update.")}

    def retrieve(self, ins: Ins, unique_ids: Sequence[str]) -> DmpAnswer:
        """TD3.2: the exact bytes by uniqueId."""
        wrong = self.breaks.get("retrieve.DocumentUniqueId")
        body = messages.retrieve(REPOSITORY, [wrong] if wrong else unique_ids)
        return self._call("TD3.2", "/repository", body, ins, AIR)

    def oid(self) -> str:
        """A fresh uniqueId under the fictitious arc of this client (UUID as an integer arc)."""
        return f"{messages.LPS_OID}.{self.ids().int >> 32}"

    def _call(
        self,
        operation: str,
        path: str,
        body: etree._Element,
        ins: Ins,
        mode: str,
        parts: Sequence[tuple[str, bytes]] = (),
        headers: Mapping[str, str] | None = None,
        told: Mapping[str, str] | None = None,
    ) -> DmpAnswer:
        """``told``: attributes of the VIHF besides the usual ones."""
        self.last_message_id = f"urn:uuid:{self.ids()}"
        plan = self._plan(ins, mode, told or {})
        envelope = request_envelope(
            ACTIONS[operation],
            SERVICES + path,
            self.last_message_id,
            body,
            lambda security: build_vihf(plan, security, self.submitter.cachet),
        )
        content = self._spoilt(serialize(envelope, declaration=not parts))
        kind = SOAP_TYPE
        if parts:
            attachments = [Attachment(content_id, data, "text/xml") for content_id, data in parts]
            kind, content = write_multipart(content, attachments, boundary=f"uuid-{self.ids()}", root_id=ROOT_ID)
        return read_answer(self.channel.post(SERVICES + path, content, {"Content-Type": kind, **(headers or {})}))

    def _plan(self, ins: Ins, mode: str, told: Mapping[str, str]) -> VihfPlan:
        person = self.professional
        here = self.structure.struct_idnat
        activity = next((a for a in person.activities if a.structure == here), person.activities[0])
        return VihfPlan(
            mode=mode,
            professional=person,
            activity=activity,
            structure=here.value,
            patient_cx=ins.cx(),
            assertion_id=f"_{self.ids()}",
            issued=self.now(),
            issuer=self.issuer,
            overrides={**told, **{k[5:]: v for k, v in self.breaks.items() if k.startswith("vihf.")}},
        )

    def _spoilt(self, envelope: bytes) -> bytes:
        """``signature.SignatureValue: flip`` changes one character of the value, after signing."""
        if self.breaks.get("signature.SignatureValue") != "flip":
            return envelope
        head, tag, tail = envelope.partition(b"<ds:SignatureValue>")
        return head + tag + (b"A" if tail[:1] != b"A" else b"B") + tail[1:]

    def close(self) -> None:
        self.channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _nothing(answer: DmpAnswer, document: str) -> DmpAnswer:
    return DmpAnswer("refused", answer.http, NOT_FOUND, f"no document {document} is known", body=answer.body)


def _check_break(name: str, value: str, operation: str | None) -> None:
    at = next((at for at in BREAKS if (name.startswith(at) and name != at if at.endswith(".") else name == at)), None)
    if at is None:
        raise CannotBreak(f"break: {name!r} is none of {', '.join(BREAKS)} (vihf. and the name of an attribute)")
    if operation is not None and operation not in BREAKS[at]:
        raise CannotBreak(f"break: {operation} has no {name}; {', '.join(BREAKS[at])} has")
    if at == "signature.SignatureValue" and value != "flip":
        raise CannotBreak(f"break: {name} can only be 'flip', not {value!r}")
