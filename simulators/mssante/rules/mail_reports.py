"""What answers a mail: the notification in the form of the volet, the error told where a person reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulators.core.rules import Check, Example, Finding, Rule
from simulators.mssante.rules.mail_making import INFERRED, SOURCED, STANDARD, mail_rule
from simulators.mssante.verdict.reading import Letter

_VOLET: Final = "CI-SIS, transmission au LPS d'un document CDA provenant d'un courriel MSSante"
_FORMS: Final = {
    "report-type": "multipart/report; report-type=disposition-notification",
    "text-type": "Content-Type: text/plain; charset=utf-8",
    "message-id-blanks": "no blank inside the angle brackets",
    "recipient-type": "rfc822; address",
    "disposition-syntax": "automatic-action/MDN-sent-automatically; processed",
    "disposition-suffix": "nothing after Error: <code>^<label>",
}
"""More than three parts is left out: RFC 6522 has three, the volet asks for the files of the original again."""

FIELDS = mail_rule(
    "MDN-FIELDS",
    "fields of the notification",
    "un champ obligatoire de l'accusé manque : il ne pourra pas être rattaché au courriel d'origine",
    "a mandatory field of the notification is missing: it cannot be matched to the original mail",
    "Final-Recipient, Original-Message-ID et Disposition",
    "Final-Recipient, Original-Message-ID and Disposition",
    source=f"{_VOLET}; RFC 8098 section 3.2",
    grade=SOURCED,
    example=Example("mime[2]", "Original-Message-ID", "Final-Recipient, Original-Message-ID, Disposition"),
)
FORM = mail_rule(
    "MDN-FORM",
    "form of the notification",
    "l'accusé s'écarte de la forme attendue : un lecteur strict le rejettera",
    "the notification departs from the expected form: a strict reader will reject it",
    "suivez le volet, sans les défauts de son exemple publié",
    "follow the volet, without the defects of its published example",
    source=f"{_VOLET}; RFC 8098 section 3",
    grade=STANDARD,
    example=Example(
        "mime[2]",
        "automatic-action/MDN-sent-automatically; eaten",
        "automatic-action/MDN-sent-automatically; processed",
    ),
)
TEXT = mail_rule(
    "ERROR-TEXT",
    "text of an error mail",
    "ni le code ni le libellé de l'erreur ne sont dans le texte : la preuve serait rejetée",
    "neither the code nor the label of the error is in the text: the proof would be rejected",
    "« Erreur détectée : <libellé> » et « Code d'erreur : <code> » dans le corps",
    "'Erreur detectee : <label>' and 'Code d'erreur : <code>' in the body",
    source="Segur, AMA DPI/PFI 6 June 2025, reasons for rejection of MSS/UX.11 and UX.12",
    grade=SOURCED,
    example=Example("mime[1]", "", "902"),
)
ORIGINAL = mail_rule(
    "ERROR-ORIGINAL",
    "original of an error",
    "le courriel d'origine n'est pas joint : l'utilisateur ne pourra pas intégrer le document à la main",
    "the original mail is not attached: the user cannot file the document by hand",
    "joignez le courriel d'origine en message/rfc822, et ses pièces jointes",
    "attach the original mail as message/rfc822, and its attachments",
    source=_VOLET,
    grade=INFERRED,
    needs=("MIME",),
    example=Example("mime", "", "message/rfc822"),
)


def notification(letter: Letter) -> Iterator[Finding]:
    mdn = letter.mdn
    if mdn is None:
        return
    for slip in mdn.slips:
        if slip.kind == "missing":
            expected = "Final-Recipient, Original-Message-ID, Disposition"
            yield FIELDS.finding(slip.where, found=slip.found, expected=expected)
        elif slip.kind in _FORMS:
            yield FORM.finding(slip.where, found=slip.found, expected=_FORMS[slip.kind])


def error(letter: Letter) -> Iterator[Finding]:
    told = letter.error_mail
    if told is not None and not (told.code_in_text or told.label_in_text):
        yield TEXT.finding(told.text_where, expected=told.error.code)
    failed = letter.mdn is not None and letter.mdn.mdn.disposition.error is not None
    original = letter.mdn.original if letter.mdn is not None else told.original if told is not None else None
    if (failed or told is not None) and original is None:
        yield ORIGINAL.finding(letter.mail.where(), expected="message/rfc822")


CHECKS: Final[tuple[Check[Letter], ...]] = (notification, error)
RULES: Final[tuple[Rule, ...]] = (FIELDS, FORM, TEXT, ORIGINAL)
