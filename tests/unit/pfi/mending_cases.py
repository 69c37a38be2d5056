"""For every rule that a message can break: a good message, and how it is broken at one place."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace

from simulators.core.hl7 import edit
from simulators.core.rules import Rule
from simulators.documents.hl7.model import Flags, Transmission
from simulators.pfi.rules import action, document, flags, header, identity, participants, routing, structure
from tests.support.hl7_documents import CITIZEN, COLLEAGUE, GOOD, REPLACEMENT, REPLY, SENDER
from tests.support.hl7_mending import lines, moved, put
from tests.support.mails import cda

Breaker = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Case:
    """``also`` are further places to mend, where one fact stands several times."""

    rule: Rule
    breaker: Breaker
    plan: Transmission = GOOD
    also: tuple[str, ...] = ()
    name: str = ""

    @property
    def id(self) -> str:
        return f"{self.rule.id}{f'-{self.name}' if self.name else ''}"


def at(where: str, value: str | None) -> Breaker:
    return lambda whole: edit(whole, where, value)


def each(*breakers: Breaker) -> Breaker:
    def broken(whole: bytes) -> bytes:
        for breaker in breakers:
            whole = breaker(whole)
        return whole

    return broken


def inserted(segment: str, position: int = -1) -> Breaker:
    return lambda whole: put(whole, position, segment)


def shifted(place: str, after: str) -> Breaker:
    return lambda whole: moved(whole, place, after)


def inside(old: bytes, new: bytes, whole: bytes | None = None) -> Breaker:
    content = (whole or cda()).replace(old, new)
    assert content != (whole or cda())
    return at("OBX[1]-5.5", b64encode(content).decode())


def typed(code: str) -> Breaker:
    return each(at("OBR-4.1", code), at("OBX[1]-3.1", code), at("TXA-2", code))


ORU = replace(GOOD, kind="ORU")
NO_DMP = replace(GOOD, flags=replace(GOOD.flags, destdmp=False))
DMP_ONLY = replace(GOOD, flags=Flags(destdmp=True), participants=(SENDER,), mail_bodies={}, fin=False)
PATIENT_ONLY = replace(GOOD, flags=Flags(destmssantepat=True), participants=(SENDER, CITIZEN, REPLY))
PS_ONLY = replace(
    NO_DMP, flags=Flags(invisible_patient=True, destmssanteps=True), participants=(SENDER, COLLEAGUE, REPLY), fin=False
)
TYPES = ("OBX[1]-3.1", "TXA-2", "OBX[1]-5.5")
OTHER = "290050099900233@patient.mssante.test"


def _second_document(whole: bytes) -> bytes:
    first = next(line for line in lines(whole) if line.startswith("OBX|1|"))
    return put(
        whole, lines(whole).index("PRT||UC||REPLY^Reply To^participation|||||||||||^^X.400^" + REPLY.address) + 1, first
    )


CASES = (
    Case(header.NAMES, at("MSH-3", "")),
    Case(header.NAMES, at("MSH-6", ""), name="receiving-facility"),
    Case(header.ROLE, at("MSH-3", "MARQUE")),
    Case(header.TIME, at("MSH-7", "")),
    Case(header.STRUCTURE, at("MSH-9.3", "MDM_T10")),
    Case(header.PROCESSING, at("MSH-11", "X")),
    Case(header.COUNTRY_CODE, at("MSH-17", "FR")),
    Case(header.CHARSET, at("MSH-18", "8859/1")),
    Case(header.CHARSET, at("MSH-18", ""), name="absent"),
    Case(header.PROFILE, at("MSH-21", "3.0^AUTRE")),
    Case(header.PROFILE, at("MSH-21", ""), name="absent"),
    Case(header.PROFILE_OLD, at("MSH-21", "2.0^CISIS_CDA_HL7_V2")),
    Case(header.PROFILE_OLD, at("MSH-21", "1.0^CISIS_TLR_HL7_V2"), name="teleradiology"),
    Case(header.PROFILE_BLANKS, at("MSH-21", "2.1^ CISIS_CDA_HL7_V2")),
    Case(header.PROFILE_LPS, at("MSH-21", "1.1^CISIS_CDA_HL7_LPS")),
    Case(header.VERSION, at("MSH-12", "2.4")),
    Case(header.VERSION, at("MSH-12", "2.6"), ORU, name="oru"),
    Case(structure.MISSING, at("TXA", None)),
    Case(structure.MISSING, at("ORC", None), ORU, name="oru"),
    Case(structure.REPEATED, inserted("ORC|NW", 5)),
    Case(structure.ORDER, shifted("ORC", "TXA")),
    Case(structure.UNKNOWN, inserted("ZZZ|1")),
    Case(structure.DOCUMENTS, _second_document),
    Case(structure.PRT_PLACE, shifted("PRT[4]", "OBX[2]")),
    Case(identity.PATIENT, at("PID-3", "")),
    Case(identity.DMP_INS, at("PID-32", "PROV")),
    Case(identity.INS_STATUS, at("PID-32", "PROV"), NO_DMP),
    Case(identity.INS_AUTHORITY, at("PID-3.4.2", "1.2.250.1.213.1.4.2")),
    Case(identity.INS_FORM, at("PID-3.1", "185010099900199")),
    Case(identity.INS_DATES, at("PID-3.7", "20101207")),
    Case(identity.NAME, at("PID-5.7", "D")),
    Case(identity.NAME, at("PID-5", ""), also=("PID-5",), name="absent"),
    Case(identity.NAME, at("PID-5.1", ""), name="family"),
    Case(identity.SEX, at("PID-8", "O")),
    Case(identity.TRAITS, at("PID-7", "")),
    Case(identity.TRAITS, at("PID-5.3", ""), name="given-names"),
    Case(identity.TRAITS, at("PID-8", ""), name="sex"),
    Case(identity.TRAITS, at("PID-11", ""), name="birth-place"),
    Case(identity.FORBIDDEN, at("PID-17", "CAT")),
    Case(identity.FACILITY, at("PID-18.4.2", "1204567809")),
    Case(identity.FACILITY, at("PID-3[2].4.2", "120"), name="ipp"),
    Case(identity.FACILITY, at("PV1-19.4.2", ""), name="visit"),
    Case(identity.CLASS, at("PV1-2", "P")),
    Case(identity.VISIT, at("PV1-19", "")),
    Case(action.ORC, at("ORC-1", "SC")),
    Case(action.STATUS, at("OBX[1]-11", "P")),
    Case(action.ACTION, at("ORC-1", "RO")),
    Case(action.ACTION, at("OBX[1]-11", "C"), name="status"),
    Case(action.ACTION, at("MSH-9.2", "T04"), name="event"),
    Case(action.ACTION, at("OBX[1]-11", "D"), ORU, name="oru"),
    Case(action.TYPE_MISSING, at("OBR-4", "")),
    Case(action.TYPE_SAME, at("OBX[1]-3.1", "34874-8")),
    Case(action.TYPE_SYSTEM, at("OBR-4.3", "")),
    Case(action.TYPE_SYSTEM, at("OBX[1]-3.3", "LOINC"), name="document"),
    Case(action.TYPE_LIST, each(typed("00000-0"), inside(b"11490-0", b"00000-0")), also=TYPES),
    Case(action.TYPE_DMP, each(typed("34876-3"), inside(b"11490-0", b"34876-3")), also=TYPES),
    Case(action.TXA_TYPE, at("TXA-2", "34874-8")),
    Case(action.TXA_CONSTANT, at("TXA-17", "LA")),
    Case(action.TXA_CONSTANT, at("TXA-3", ""), name="content"),
    Case(action.ID_MISSING, at("TXA-12", "")),
    Case(action.ID_FORM, at("TXA-12.2", "Organisation-Y")),
    Case(action.ID_FORM, at("TXA-13.4", "ISO"), REPLACEMENT, name="parent"),
    Case(
        action.ID_EXTENSION,
        each(
            at("TXA-12", "71^^1.2.250.1.999.9.1^ISO"),
            inside(b'root="1.2.250.1.999.9.1.71"', b'root="1.2.250.1.999.9.1" extension="71"'),
        ),
        also=("TXA-12", "OBX[1]-5.5"),
    ),
    Case(action.PARENT_MISSING, at("TXA-13", ""), REPLACEMENT),
    Case(action.PARENT_MISSING, at("OBX[1]-5.5", b64encode(cda()).decode()), REPLACEMENT, name="cda"),
    Case(action.PARENT_INITIAL, at("TXA-13", "1.2.250.1.999.9.1.70")),
    Case(action.PARENT_INITIAL, at("OBX[1]-5.5", b64encode(REPLACEMENT.cda).decode()), name="cda"),
    Case(document.DOCUMENT, at("OBX[1]-5.5", "")),
    Case(document.FORM, at("OBX[1]-5.3", "PDF")),
    Case(document.FORM, at("OBX[1]-2", "TX"), name="type"),
    Case(document.BASE64, at("OBX[1]-5.5", "QUJDR")),
    Case(document.PADDING, at("OBX[1]-5.5", b64encode(cda()).decode().rstrip("="))),
    Case(document.CDA, at("OBX[1]-5.5", b64encode(b"<a/>").decode())),
    Case(document.ID_CDA, at("TXA-12", "1.2.250.1.999.9.1.72")),
    Case(document.PARENT_CDA, at("TXA-13", "1.2.250.1.999.9.1.69"), REPLACEMENT),
    Case(document.TYPE_CDA, typed("34874-8"), also=("OBR-4.1", "TXA-2")),
    Case(document.PATIENT, at("PID-3.1", "290050099900233")),
    Case(document.PATIENT, at("PID-3.4.2", "1.2.250.1.213.1.4.8"), name="authority"),
    Case(document.TRAITS, at("PID-7", "19850116")),
    Case(document.TRAITS, at("PID-5.1", "AUTRE"), name="family"),
    Case(document.TRAITS, at("PID-11.9", "99999"), name="birth-place"),
    Case(document.REINFORCED, inside(b'confidentialityCode code="N"', b'confidentialityCode code="R"')),
    Case(participants.ROLE, at("PRT[3]-4.1", "CC")),
    Case(participants.CONSTANT, at("PRT[1]-2", "AD")),
    Case(participants.CONSTANT, at("PRT[2]-4.3", ""), name="system"),
    Case(participants.ORDER, shifted("PRT[1]", "PRT[3]")),
    Case(participants.COUNT, inserted("PRT||UC||REPLY^^participation|||||||||||^^X.400^a@b.mssante.test", 12)),
    Case(participants.SENDER, at("PRT[1]-8.10", "")),
    Case(participants.SENDER, at("PRT[1]-5.1", ""), name="person"),
    Case(participants.SENDER, at("PRT[1]", None), name="absent"),
    Case(participants.PERSON_TYPE, at("PRT[2]-5.13", "CPS")),
    Case(participants.PERSON_FORM, at("PRT[3]-5.1", "27185010099900171")),
    Case(participants.PERSON_FORM, each(at("PRT[2]-5.13", "RPPS")), also=("PRT[2]-5.13",), name="rpps"),
    Case(participants.AUTHORITY, at("PRT[2]-5.9.1", "ASIP-SANTE- PS")),
    Case(participants.AUTHORITY, at("PRT[2]-5.9.2", "1.2.3"), name="oid"),
    Case(participants.AUTHORITY, at("PRT[3]-5.9", "1.2.250.1.213.1.4.10"), name="patient"),
    Case(participants.STRUCTURE_TYPE, at("PRT[1]-8.7", "SIRET")),
    Case(participants.STRUCTURE_FORM, at("PRT[1]-8.10", "10B0999009")),
    Case(participants.ADDRESS_MISSING, at("PRT[2]-15.4", "")),
    Case(participants.ADDRESS, at("PRT[2]-15.4", "dominique.simule")),
    Case(participants.ADDRESS, at("PRT[2]-15.4", "dominique simule@medecin.mssante.test"), name="blank"),
    Case(participants.ADDRESS_KIND, at("PRT[2]-15.3", "Internet")),
    Case(flags.MISSING, at("OBX[4]", None)),
    Case(flags.MISSING, at("OBX[11]", None), name="last"),
    Case(flags.REPEATED, lambda whole: put(whole, -1, lines(whole)[12])),
    Case(flags.ORDER, shifted("OBX[2]", "OBX[3]")),
    Case(flags.NAME, at("OBX[4]-3.1", "INVISIBLE_REPRESENTANTS_LEGAUX")),
    Case(flags.NAME, at("OBX[11]-3.1", "ACK_LECTURE"), name="receipt"),
    Case(flags.VALUE, at("OBX[2]-5.1", "O")),
    Case(flags.FORM, at("OBX[2]-2", "ST")),
    Case(flags.FORM, at("OBX[7]-3.3", ""), name="table"),
    Case(flags.FORM, at("OBX[13]-11", ""), name="body"),
    Case(flags.BODY, at("OBX[12]-5.5", "QUJDR")),
    Case(flags.FIN, inserted("NTE|1|||FIN")),
    Case(flags.MODIFIED, at("OBX[6]-5.1", "Y")),
    Case(routing.PS_RECIPIENT, at("OBX[8]-5.1", "Y"), PATIENT_ONLY),
    Case(routing.PATIENT_RECIPIENT, at("OBX[9]-5.1", "Y"), DMP_ONLY),
    Case(routing.UNASKED, at("OBX[9]-5.1", "N")),
    Case(routing.UNASKED, at("OBX[8]-5.1", "N"), NO_DMP, name="professional"),
    Case(routing.INVISIBLE, at("OBX[3]-5.1", "Y")),
    Case(routing.RELATIVES, each(at("OBX[4]-5.1", "Y"), at("PRT[3]-15.4", OTHER)), also=("PRT[3]-15.4",)),
    Case(routing.OTHER_PATIENT, at("PRT[3]-15.4", OTHER)),
    Case(routing.NOTHING, at("OBX[7]-5.1", "N"), DMP_ONLY),
    Case(routing.MATRIX, at("OBX[2]-5.1", "Y")),
    Case(routing.MATRIX, at("OBX[3]-5.1", "N"), PS_ONLY, name="professional"),
    Case(routing.SECRET, at("OBX[5]-5.1", "Y")),
)
