"""The defects of the published messages mended, one by one, as the vendor's script would."""

from __future__ import annotations

from tests.interop.hl7.ward import component, field, put

FINESS, MARK = "120456789", "ASIP-SANTE-PS"


def mended(message: str, control_id: str, mailbox: str, facility: str = "") -> str:
    """The radiology report with a right sender, right identifiers, coherent flags, both receipts asked, to
    ``mailbox``. ``facility`` names a world in MSH-6."""
    message = put(message, "MSH", 1, 10, control_id)
    if facility:
        message = put(message, "MSH", 1, 6, facility)
    message = put(message, "MSH", 1, 3, "RIS-Y")
    message = put(message, "PID", 1, 3, component(field(message, "PID", 1, 3), 7, "").rstrip("^"))
    message = put(message, "TXA", 1, 12, field(message, "TXA", 1, 12).split("^")[0])
    message = message.replace("ASIP-SANTE- PS", MARK)
    message = put(message, "PRT", 1, 8, component(field(message, "PRT", 1, 8), 10, FINESS))
    message = put(message, "PRT", 2, 15, f"^^X.400^{mailbox}")
    for number, answer in ((4, "N"), (5, "N"), (10, "Y"), (11, "Y")):
        message = put(message, "OBX", number, 5, component(field(message, "OBX", number, 5), 1, answer))
    return message
