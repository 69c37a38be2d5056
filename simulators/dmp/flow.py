"""The DMP's protocol: read, clues, the common checks in their order, the operation, the funnel.

The order inside ``perform`` is the transport, the seal, the content of the token, the parties, their rights, and only
then the operation itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from lxml import etree
from sqlalchemy import Column, Text

from simulators.core.errors import Refused
from simulators.core.exchange import Answer, Call
from simulators.core.pki import (
    CertificateFacts,
    CertificateUnreadable,
    Trust,
    chain_verdict,
    identified,
    read_certificate,
)
from simulators.core.routing import Clue
from simulators.core.rules import Finding, Level, Verdict
from simulators.core.soap import MtomRefused, SoapMessage, SoapRefused, read_message
from simulators.core.store.schema import world_table
from simulators.core.xml import XmlRefused, clark, text, where
from simulators.core.xmldsig import SignatureRefused, SignedContent, verify_enveloped
from simulators.dmp import wire
from simulators.dmp.certificate import read_client
from simulators.dmp.differences import vihf_differences
from simulators.dmp.model import DmpRequest, Perform
from simulators.dmp.operations import TD0_3, UPDATES, Operation, find_operation
from simulators.dmp.parties import gather
from simulators.dmp.presented import Presented
from simulators.dmp.rules import identity, rights, seal, token, transport
from simulators.dmp.rules import vihf as vihf_rules
from simulators.dmp.vihf import LPS_NAME, LPS_VERSION, Vihf, read_vihf
from simulators.population import registry

USER_ACT: Final = "X-Sandbox-User-Act"
_LONGEST_NOTE: Final = 200
_TOKEN_CHECKS: Final = (*token.CHECKS, *vihf_rules.CHECKS, *identity.CHECKS)

_seen = world_table("dmp_vihf_ids", Column("id", Text), key=("id",))


@dataclass(frozen=True)
class Incoming:
    """A message read: all that costs time was done before any transaction.

    ``seal`` is the verified assertion, or the finding that says why there is none; ``declared`` is what the message
    claims, unverified: it serves to route and to name in the journal, nothing else.
    """

    operation: Operation
    request: DmpRequest
    seal: SignedContent | Finding
    declared: Vihf | None
    trust: Trust


class DmpFlow:
    """The LPS interface of the DMP. ``trust`` gives the authorities at an instant (wall clock); ``operations`` what
    performs each operation, by name."""

    name = "dmp"

    def __init__(self, trust: Callable[[datetime], Trust], operations: Mapping[str, Perform]) -> None:
        self._trust = trust
        self._operations = operations

    def read(self, call: Call) -> Incoming:
        """Raises ``Refused`` for what cannot be read or is no operation of ours."""
        message = _message(call)
        try:
            operation = find_operation(message.request)
        except SoapRefused as refused:
            expected = "an operation of the DMP"
            raise _refusal(transport.OPERATION.finding(refused.where, found=refused.found, expected=expected)) from None
        call.operation = f"{self.name}.{operation.name}"
        trust = self._trust(call.wall)
        client = read_client(call.arrival.certificate, trust.subjects)
        assertion = _assertion(message)
        declared = None if assertion is None else read_vihf(assertion)
        _note(call, message, declared, client)
        request = DmpRequest(operation.name, message.request, client, message.multipart, subjects=trust.subjects)
        return Incoming(operation, request, _sealed(message, assertion), declared, trust)

    def clues(self, call: Call, request: Incoming | None) -> Sequence[Clue]:
        """The certificate is a credential; the structure of the VIHF is only declared."""
        client = read_client(call.arrival.certificate)
        found = [] if client is None else [Clue("credential", "certificate", client.fingerprint)]
        if request is not None and request.declared is not None and request.declared.structure:
            found.append(Clue("declared", "structure", request.declared.structure))
        return found

    def perform(self, call: Call, request: Incoming) -> Answer:
        """Every common check, then the operation. Raises ``Refused``."""
        checked = self._check(call, request)
        reply = self._operations[request.operation.name](call, checked)
        return wire.accepted(call, checked, reply)

    def refuse(self, call: Call, request: Incoming | None, verdict: Verdict, href: str) -> Answer:
        """The one funnel, by the form of the rule."""
        if request is None:
            return wire.refused(call, None, None, verdict, href)
        return wire.refused(call, request.operation, request.request, verdict, href)

    def _check(self, call: Call, incoming: Incoming) -> DmpRequest:
        call.judge(transport.CHECKS, _carried(call, incoming))
        try:
            vihf = _verified(call, incoming)
        except Refused:
            changed = vihf_differences(call, incoming.request.soap, incoming.declared)
            call.marks.update({"vihf_diff": changed} if changed else {})
            raise
        known = gather(call, vihf)
        request = replace(incoming.request, signed=vihf, known=known)
        if incoming.operation not in (TD0_3, *UPDATES):
            # These have several rows in the matrix: which ones depends on their body.
            call.judge(rights.CHECKS, rights.Access(incoming.operation.name, vihf, known))
        return request


def _message(call: Call) -> SoapMessage:
    arrival = call.arrival
    try:
        return read_message(arrival.headers.get("Content-Type", ""), arrival.body)
    except XmlRefused as refused:
        at = f"line {refused.line}, column {refused.column}" if refused.line is not None else "body"
        finding = transport.XML.finding(at, found=refused.kind, expected="well-formed XML", detail=refused.message_en)
    except MtomRefused as refused:
        at, expected = refused.where, refused.expected
        finding = transport.MTOM.finding(at, found=refused.found, expected=expected, detail=refused.message_en)
    except SoapRefused as refused:
        finding = transport.refusal_of(refused)
    raise _refusal(finding)


def _refusal(finding: Finding) -> Refused:
    """Before the world is known no policy applies: only guards refuse here."""
    return Refused(Verdict((replace(finding, level=Level.REFUSE),)))


def _assertion(message: SoapMessage) -> etree._Element | None:
    security = message.request.security
    return None if security is None else security.find(clark("saml2:Assertion"))


def _sealed(message: SoapMessage, assertion: etree._Element | None) -> SignedContent | Finding:
    if assertion is None:
        return _absent(message)
    try:
        return verify_enveloped(assertion)
    except SignatureRefused as refused:
        return seal.refusal_of(refused)


def _absent(message: SoapMessage) -> Finding:
    security, root = message.request.security, message.request.root
    if security is not None:
        return seal.MISSING.finding(f"{where(security)}/saml2:Assertion", found="", expected="saml2:Assertion")
    prefix = "soap" if message.request.version == "1.2" else "soap11"
    return seal.MISSING.finding(f"{where(root)}/{prefix}:Header/wsse:Security", found="", expected="saml2:Assertion")


def _note(call: Call, message: SoapMessage, declared: Vihf | None, client: CertificateFacts | None) -> None:
    """Who claims to speak, for the journal; unverified, and the row says whether it was accepted."""
    if client is not None:
        call.who["certificate"] = client.fingerprint
        if client.assigned:
            call.marks["assigned"] = f"{client.subject_dn[:_LONGEST_NOTE]} → {client.assigned}"
    if declared is not None:
        product = " ".join(part for part in (declared.get(LPS_NAME), declared.get(LPS_VERSION)) if part)
        told = {"structure": declared.structure, "professional": declared.professional, "product": product}
        call.who.update({name: value[:_LONGEST_NOTE] for name, value in told.items() if value})
        if declared.patient is not None:
            call.keys.add(f"patient:{declared.patient[0][:_LONGEST_NOTE]}")
    if message.request.message_id:
        call.keys.add(f"message:{message.request.message_id[:_LONGEST_NOTE]}")
    if call.arrival.headers.get(USER_ACT):
        call.marks["user_act"] = True


def _carried(call: Call, incoming: Incoming) -> transport.Carried:
    soap, client = incoming.request.soap, incoming.request.client
    return transport.Carried(
        operation=incoming.operation,
        soap=soap,
        path=call.arrival.path.partition("?")[0],
        client=client,
        trust=incoming.trust,
        wall=call.wall,
        world=call.world.name,
        marks=call.marks,
    )


def _verified(call: Call, incoming: Incoming) -> Vihf:
    """The token, from its seal to its last attribute."""
    if isinstance(incoming.seal, Finding):
        raise _refusal_in(call, incoming.seal)
    signed, client = incoming.seal, incoming.request.client
    vihf = read_vihf(signed.element)
    holder, signer = _signer(call, incoming, signed, vihf)
    structure = registry.structure(call.tx, vihf.structure) if vihf.structure else None
    case = Presented(
        operation=incoming.operation.name,
        vihf=vihf,
        signer=signer,
        signer_at=holder,
        chain=chain_verdict(signer, incoming.trust, call.wire_now),
        client=client,
        legal_entity=structure.legal_entity.value if structure and structure.legal_entity else "",
        now=call.wire_now,
        seen_before=_replayed(call, vihf),
    )
    call.judge(_TOKEN_CHECKS, case)
    if vihf.secret:
        call.marks["secret_connection"] = True
    return vihf


def _refusal_in(call: Call, finding: Finding) -> Refused:
    return Refused(call.verdict + Verdict((replace(finding, level=Level.REFUSE),)))


def _signer(call: Call, incoming: Incoming, signed: SignedContent, vihf: Vihf) -> tuple[str, CertificateFacts]:
    """The XPath of the certificate that verified, and what it says. Raises ``Refused``."""
    at = _certificate_place(incoming.request.soap.root, signed, vihf)
    try:
        return at, identified(read_certificate(signed.certificate_der), incoming.trust.subjects)
    except CertificateUnreadable as unreadable:
        expected = "X.509 DER, base64"
        raise _refusal_in(call, seal.KEY_INFO.finding(at, expected=expected, detail=str(unreadable))) from None


def _certificate_place(root: etree._Element, signed: SignedContent, vihf: Vihf) -> str:
    from base64 import b64encode

    wanted = b64encode(signed.certificate_der).decode()
    for holder in root.iter(clark("ds:X509Certificate")):
        if "".join(text(holder).split()) == wanted:
            return where(holder)
    return f"{vihf.at}/ds:Signature/ds:KeyInfo"


def _replayed(call: Call, vihf: Vihf) -> bool:
    """Whether that assertion was seen; identifiers are only kept by worlds that look for replays."""
    if call.world.policy.level(token.REPLAY) is Level.OFF or not vihf.get("ID"):
        return False
    return not call.tx.add(_seen, id=vihf.get("ID"))
