"""The literal values of IHE PAM France. Source: facts pfi §5, §1.5; sections are those of the national extension."""

from __future__ import annotations

from typing import Final

VERSION: Final = "2.5^FRA^2.11"
PROFILE: Final = "2.11^IHE_FRANCE-2.11-PAM"
CHARSETS: Final = ("UNICODE UTF-8", "8859/15")
DELETED: Final = '""'
"""What a field holds when the receiver has to empty it (HL7 v2.5 §2.5.3)."""

STRUCTURES: Final = {
    "A01": "ADT_A01",
    "A02": "ADT_A02",
    "A03": "ADT_A03",
    "A04": "ADT_A01",
    "A05": "ADT_A05",
    "A06": "ADT_A06",
    "A07": "ADT_A06",
    "A09": "ADT_A09",
    "A10": "ADT_A09",
    "A11": "ADT_A09",
    "A12": "ADT_A12",
    "A13": "ADT_A01",
    "A14": "ADT_A05",
    "A15": "ADT_A15",
    "A16": "ADT_A16",
    "A21": "ADT_A21",
    "A22": "ADT_A21",
    "A25": "ADT_A21",
    "A26": "ADT_A21",
    "A27": "ADT_A21",
    "A28": "ADT_A05",
    "A31": "ADT_A05",
    "A38": "ADT_A38",
    "A40": "ADT_A39",
    "A44": "ADT_A43",
    "A47": "ADT_A30",
    "A49": "ADT_A30",
    "A52": "ADT_A52",
    "A53": "ADT_A52",
    "A54": "ADT_A54",
    "A55": "ADT_A52",
    "Z99": "ADT_A01",
}
"""MSH-9.3 of each event (PAM §2.1, §2.2)."""

PAM_EVENTS: Final = frozenset(STRUCTURES)
IDENTITY_EVENTS: Final = frozenset({"A28", "A31", "A40", "A47"})
"""ITI-30; the others are ITI-31."""
MOVEMENT_EVENTS: Final = PAM_EVENTS - IDENTITY_EVENTS - {"A09", "A10", "A44", "A49"}
"""Those that carry ZBE (PAM §2.2)."""

CANCELLED_BY: Final = {
    "A11": ("A01", "A04"),
    "A12": ("A02",),
    "A13": ("A03",),
    "A25": ("A16",),
    "A26": ("A15",),
    "A27": ("A14",),
    "A38": ("A05",),
    "A52": ("A21",),
    "A53": ("A22",),
    "A55": ("A54",),
    "A06": ("A07",),
    "A07": ("A06",),
}
"""What each event cancels when ZBE-4 is CANCEL: its ZBE-6."""
EITHER_WAY: Final = frozenset({"A06", "A07"})
"""Inserted for themselves, or cancelling the opposite one (PAM §5.3.5)."""
UPDATE_EVENT: Final = "Z99"
EXCLUDED: Final = "A08"

INSERT, UPDATE, CANCEL = "INSERT", "UPDATE", "CANCEL"
ACTIONS: Final = (INSERT, UPDATE, CANCEL)
NATURES: Final = ("S", "H", "M", "L", "D", "SM", "SH", "MH", "LD", "HMS", "C")
HOSTED_EVENTS: Final = MOVEMENT_EVENTS - {"A05", "A38", "A52", "A53", "A54", "A55", "Z99"}
"""Those whose PV1-3.1 names the hosting unit (PAM §5.1.1)."""
CLASSES: Final = ("E", "I", "N", "O", "R")

CONSENT_EVENTS: Final = frozenset({"A01", "A04", "A05", "A14", "A28", "A31", "Z99"})
DMP_STATES: Final = ("ACTIF", "FERME", "INEXISTANT")
NOT_ASKED: Final = "NA"
FEED_OPPOSED, FEED_ALLOWED = "IO", "INO"
CONSULT_REFUSED, CONSULT_ALLOWED = "INC", "IC"
FEED: Final = (NOT_ASKED, FEED_OPPOSED, FEED_ALLOWED)
CONSULT: Final = (NOT_ASKED, CONSULT_REFUSED, CONSULT_ALLOWED)

VALIDATED, PROVISIONAL = "VALI", "PROV"
STATUSES: Final = (
    *("VIDE", "PROV", "VALI", "DOUB", "DESA", "DPOT", "DOUA", "COLP", "COLV", "FILI", "CACH", "ANOM", "IDVER"),
    *("RECD", "IDRA", "USUR", "HOMD", "HOMA", "INVA", "FICT", "DOUT"),
)
"""PID-32, table 0445 France (PAM §6.6.15)."""
SEXES: Final = ("F", "M", "U")

INS, IPP, ACCOUNT, VISIT = "INS", "PI", "AN", "VN"
"""CX-5 of the INS, of the hospital's own patient number, of the account (PID-18) and of the visit (PV1-19)."""
INS_AUTHORITIES: Final = {
    "1.2.250.1.213.1.4.8": "ASIP-SANTE-INS-NIR",
    "1.2.250.1.213.1.4.9": "ASIP-SANTE-INS-NIA",
    "1.2.250.1.213.1.4.10": "ASIP-SANTE-INS-NIR",
    "1.2.250.1.213.1.4.11": "ASIP-SANTE-INS-NIR",
}
"""OIDs an INS may have, with the name that goes before each (facts pfi §1.5)."""
OBTAINED_BY: Final = ("SM", "CV", "INSI", "CB", "RFID")
PROOFS: Final = ("AN", "CC", "CE", "CM", "CN", "CS", "LE", "PA", "PC", "TC", "AV", "DC", "AC", "IE")
Z_SEGMENTS: Final = ("ZBE", "ZFA", "ZFP", "ZFV", "ZFM", "ZFD", "ZFS")
