"""What any receiver of HL7 v2 checks of a message before it looks at what it says."""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Example, Grade, Level, Rule, Text

_HL7 = "HL7 v2.5 ch. 2"


def hl7_rule(
    id: str,
    looks_at: str,
    fr: str,
    en: str,
    mend_fr: str,
    mend_en: str,
    *,
    code: str,
    example: Example,
    source: str = _HL7,
    grade: Grade = Grade.STANDARD,
    level: Level = Level.REFUSE,
    switchable: bool = True,
    form: str = "AE",
    kind: str = "message",
    needs: tuple[str, ...] = (),
    strict: Level | None = None,
    application: str = "",
) -> Rule:
    """A rule of an HL7 receiver: ``code`` is of table 0357, ``form`` the MSA-1 of its refusal (``AE``, ``AR``);
    ``application`` is ``code^label`` for ERR-5."""
    return Rule(
        id=id,
        level=level,
        looks_at=looks_at,
        source=source,
        grade=grade,
        sentence=Text(fr, en),
        mend=Text(mend_fr, mend_en),
        code=code,
        strict=strict,
        switchable=switchable,
        needs=needs,
        kind=kind,
        form=form,
        example=example,
        facts=(("application", application),) if application else (),
    )


HEADER: Final = hl7_rule(
    "HL7-MSH",
    "first segment",
    "le message ne commence pas par un segment MSH",
    "the message does not begin with an MSH segment",
    "commencez par MSH|^~\\&| ; rien avant, pas même une ligne vide",
    "begin with MSH|^~\\&|; nothing before it, not even an empty line",
    code="100",
    switchable=False,
    example=Example("MSH", "PID|||", "MSH|^~\\&|"),
)
DELIMITERS: Final = hl7_rule(
    "HL7-DELIMITERS",
    "MSH-1, MSH-2",
    "les délimiteurs de MSH-1 et MSH-2 sont illisibles ou se répètent",
    "the delimiters of MSH-1 and MSH-2 cannot be read, or repeat",
    "écrivez MSH|^~\\&|",
    "write MSH|^~\\&|",
    code="102",
    switchable=False,
    example=Example("MSH-2", "MSH||", "MSH|^~\\&|"),
)
CONTROL: Final = hl7_rule(
    "HL7-CONTROL",
    "octets of the message",
    "le message contient un caractère de contrôle interdit",
    "the message holds a control character that is forbidden",
    "retirez-le ; seul CR sépare les segments, un saut de ligne dans un texte s'écrit \\.br\\",
    "remove it; CR alone separates segments, a line break inside a text is written \\.br\\",
    code="102",
    switchable=False,
    example=Example("PID", "0x00", ""),
)
CHARSET: Final = hl7_rule(
    "HL7-CHARSET",
    "MSH-18",
    "jeu de caractères inconnu",
    "unknown character set",
    "écrivez UNICODE UTF-8 ou 8859/15 dans MSH-18",
    "write UNICODE UTF-8 or 8859/15 in MSH-18",
    code="103",
    switchable=False,
    example=Example("MSH-18", "LATIN-9", "UNICODE UTF-8, 8859/15 or 8859/1"),
)
BYTES: Final = hl7_rule(
    "HL7-CHARSET-BYTES",
    "octets against MSH-18",
    "des octets ne sont pas du jeu de caractères déclaré dans MSH-18",
    "some octets are not of the character set that MSH-18 declares",
    "encodez tout le message dans le jeu de MSH-18, ou déclarez le vrai jeu (8859/15)",
    "encode the whole message in the set of MSH-18, or declare the true set (8859/15)",
    code="102",
    switchable=False,
    example=Example("PID", "0xE9", "UNICODE UTF-8"),
)
CHARSET_LIE: Final = hl7_rule(
    "HL7-CHARSET-LIE",
    "octets against MSH-18",
    "le message est en UTF-8 alors que MSH-18 dit autre chose",
    "the message is in UTF-8 although MSH-18 says otherwise",
    "déclarez UNICODE UTF-8 dans MSH-18, ou encodez vraiment dans le jeu déclaré",
    "declare UNICODE UTF-8 in MSH-18, or really encode in the declared set",
    code="102",
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example("MSH-18", "8859/15", "UNICODE UTF-8"),
)
LINE_ENDS: Final = hl7_rule(
    "HL7-LINE-ENDS",
    "separator of segments",
    "les segments sont séparés par LF ou CR LF et non par CR seul",
    "segments are separated by LF or CR LF and not by CR alone",
    "terminez chaque segment par l'octet 0x0D seul",
    "end each segment by the octet 0x0D alone",
    code="100",
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example("MSH", "LF", "CR"),
)
SEGMENT: Final = hl7_rule(
    "HL7-SEGMENT",
    "names of segments",
    "une ligne ne commence pas par un nom de segment : saut de ligne dans le segment qui précède ?",
    "a line does not begin with the name of a segment: a line break inside the segment before?",
    "aucun saut de ligne dans un segment : base64 d'un seul tenant, \\.br\\ dans les textes",
    "no line break inside a segment: base64 in one piece, \\.br\\ in texts",
    code="100",
    switchable=False,
    example=Example("OBX", "PGNsaW5pY2Fs", "a segment of three letters"),
)
TOO_MANY: Final = hl7_rule(
    "HL7-TOO-MANY",
    "number of segments and delimiters",
    "le message a trop de segments ou de délimiteurs",
    "the message has too many segments or delimiters",
    "un document par message, encodé en base64",
    "one document a message, encoded in base64",
    code="198",
    switchable=False,
    example=Example("MSH", "6000 segments", "<= 5000"),
)
CONTROL_ID: Final = hl7_rule(
    "HL7-CONTROL-ID",
    "MSH-10",
    "MSH-10 est vide : l'acquittement ne peut nommer le message",
    "MSH-10 is empty: the acknowledgement cannot name the message",
    "donnez un identifiant unique à chaque message, 20 caractères au plus",
    "give each message a unique identifier, at most 20 characters",
    code="101",
    example=Example("MSH-10", "", "an identifier"),
)
KIND: Final = hl7_rule(
    "HL7-KIND",
    "MSH-9",
    "ce récepteur ne traite pas ce type de message ou cet événement",
    "this receiver does not handle this type of message or this event",
    "envoyez l'un des messages attendus, ou choisissez un autre destinataire",
    "send one of the expected messages, or choose another receiver",
    code="200",
    switchable=False,
    example=Example("MSH-9", "SIU^S12", "MDM^T02"),
)
RULES: Final = (
    HEADER,
    DELIMITERS,
    CONTROL,
    CHARSET,
    BYTES,
    CHARSET_LIE,
    LINE_ENDS,
    SEGMENT,
    TOO_MANY,
    CONTROL_ID,
    KIND,
)
