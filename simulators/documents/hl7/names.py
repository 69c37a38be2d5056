"""Names and codes of the two CI-SIS volets (documents in HL7 v2, documents from a MSSanté mail), and of their elders.

Source: IG hl7v2 "Transmission de document(s) CDA en HL7v2" 2.1, profils-messages and change-log; "Transmission au LPS
d'un document CDA provenant d'un courriel MSSanté" 1.1, profils-messages.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final

CDA_PROFILE: Final = "2.1^CISIS_CDA_HL7_V2"
"""MSH-21 of the flows 1 to 5."""
LPS_PROFILE: Final = "1.1^CISIS_CDA_HL7_LPS"
"""MSH-21 of the flow 6."""
LPS_NAME: Final = "CISIS_CDA_HL7_LPS"
CDA_NAMES: Final = frozenset({"CISIS_CDA_HL7_V1", "CISIS_CDA_HL7_V2", "CISIS_TLR_HL7_V2"})
"""MSH-21.2 of the transmissions to a PFI: wave 1, wave 2, teleradiology."""
OLD_PROFILES: Final = frozenset(
    {"1.2^CISIS_CDA_HL7_V1", "2.0^CISIS_CDA_HL7_V2", "1.0^CISIS_CDA_HL7_LPS", "1.0^CISIS_TLR_HL7_V2"}
)
"""Profiles still met in the field: read, and named in a warning."""

COUNTRY: Final = "FRA"
CHARSETS: Final = ("UNICODE UTF-8", "8859/15")
"""MSH-18 of the volets."""
VERSIONS: Final = MappingProxyType({"ORU": "2.5", "MDM": "2.6"})
"""MSH-12 by message type."""

META: Final = "MetaDMPMSS"
BUSINESS_ACK: Final = "AckMetierZAM"
YES_NO: Final = "expandedYes-NoIndicator"
PARTICIPATION: Final = "participation"

INS_NIR: Final = "1.2.250.1.213.1.4.8"
INS_NIA: Final = "1.2.250.1.213.1.4.9"
INS_NIR_TEST: Final = "1.2.250.1.213.1.4.10"
INS_NIR_DEMO: Final = "1.2.250.1.213.1.4.11"
INS_OIDS: Final = frozenset({INS_NIR, INS_NIA, INS_NIR_TEST, INS_NIR_DEMO})
PS_OID: Final = "1.2.250.1.71.4.2.1"
ST_OID: Final = "1.2.250.1.71.4.2.2"
QUALIFIED: Final = "VALI"
"""PID-32 of a qualified identity (table 0445, IHE PAM FR 6.6.15)."""

UNIT_TYPES: Final = frozenset({"UF", "SRV", "SVR"})
"""PRT-8.7 of a unit or a service, named under its establishment; the volet writes SVR what table 0203 writes SRV."""
STRUCTURE_TYPES: Final = frozenset({"FINEG", "FINEJ", "FINESS", "IDNST"})


class Flag(StrEnum):
    """OBX-3.1 of the metadata of a document; a constant's lower case name is its field in ``Flags``."""

    MASQUE_PS = "MASQUE_PS"
    INVISIBLE_PATIENT = "INVISIBLE_PATIENT"
    INVISIBLE_REP_LEGAUX = "INVISIBLE_REP_LEGAUX"
    CONNEXION_SECRETE = "CONNEXION_SECRETE"
    MODIF_CONF_CODE = "MODIF_CONF_CODE"
    DESTDMP = "DESTDMP"
    DESTMSSANTEPS = "DESTMSSANTEPS"
    DESTMSSANTEPAT = "DESTMSSANTEPAT"
    ACK_RECEPTION = "ACK_RECEPTION"
    ACK_LECTURE_MSS = "ACK_LECTURE_MSS"


FLAG_LABELS: Final = MappingProxyType(
    {
        Flag.MASQUE_PS: "Masqué aux professionnels de Santé",
        Flag.INVISIBLE_PATIENT: "Document Non Visible par le patient",
        Flag.INVISIBLE_REP_LEGAUX: "Non visible par les représentants Légaux du patient",
        Flag.CONNEXION_SECRETE: "Connexion Secrete",
        Flag.MODIF_CONF_CODE: "Modification Confidentiality Code",
        Flag.DESTDMP: "Destinataire DMP",
        Flag.DESTMSSANTEPS: "Destinataire (Professionnel de Santé, organisation ou BAL applicative)",
        Flag.DESTMSSANTEPAT: "Destinataire Patient",
        Flag.ACK_RECEPTION: "Accusé de réception",
        Flag.ACK_LECTURE_MSS: "Accusé de lecture",
    }
)
"""OBX-3.2 of every flag; the order of the keys is the one of the message."""
CDA_FLAGS: Final = tuple(FLAG_LABELS)
"""The ten flags of the flows 1 and 2, in their order."""
LPS_FLAGS: Final = (Flag.MASQUE_PS, Flag.INVISIBLE_PATIENT, Flag.INVISIBLE_REP_LEGAUX, Flag.MODIF_CONF_CODE)
"""The four flags of the flow 6, in their order."""
FLAG_ALIASES: Final = MappingProxyType(
    {
        "INVISIBLE_REPRESENTANTS_LEGAUX": Flag.INVISIBLE_REP_LEGAUX,
        "MODIF_CONFIDENTIALITYCODE": Flag.MODIF_CONF_CODE,
        "ACK_LECTURE": Flag.ACK_LECTURE_MSS,
    }
)
"""Names of older profiles, and one of the guide's own examples."""

BODIES: Final = MappingProxyType({"ps": "CORPSMAIL_PS", "patient": "CORPSMAIL_PATIENT"})
"""OBX-3.1 of the mail bodies by reader."""
BODY_LABELS: Final = MappingProxyType({"ps": "Corps du mail pour un PS", "patient": "Corps du mail pour le patient"})
META_CODES: Final = frozenset({*CDA_FLAGS, *FLAG_ALIASES, *BODIES.values(), "COMP_LOT"})
"""Every OBX-3.1 that is no document; COMP_LOT was dropped after wave 1."""


def canonical(code: str) -> Flag | None:
    """The flag that an OBX-3.1 names, by its own name or an older one."""
    trimmed = code.strip()
    if trimmed in FLAG_ALIASES:
        return FLAG_ALIASES[trimmed]
    return Flag(trimmed) if trimmed in Flag.__members__ else None


APPLICATION_ERRORS: Final = {
    "900": "Version du document incorrecte lors d'une demande de remplacement/suppression",
    "901": "Auteur non autorisé à remplacer ou supprimer un document",
    "902": "Identifiant patient inconnu",
    "903": "INS non présent dans le document",
    "904": "L'INS transmis ne correspond pas exactement à celui stocké dans la base du consommateur",
    "905": "L'INS transmis n'est pas complet",
    "906": "Erreur 'Autre'",
}
"""Table applicationErrorCondition of both volets (ERR-5)."""


def application_error(code: str) -> str:
    """``code^label`` for ERR-5, empty without a code. Raises ``KeyError``."""
    return f"{code}^{APPLICATION_ERRORS[code]}" if code else ""
