"""The header of a mail: whom, when, which, and how it is written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from simulators.core.rules import Check, Example, Finding, Rule
from simulators.mssante.addresses import Address, Family, PersonalName
from simulators.mssante.rules.mail_making import INFERRED, SOURCED, STANDARD, eco, mail_rule
from simulators.mssante.verdict.reading import Letter

PERSONAL: Final = "PER"
APPLICATIVE: Final = "APP"
"""Kinds of mailbox, as the store writes them."""
_RFC5322: Final = "RFC 5322 section 3.6"
_MESSAGE_ID = re.compile(r"<[^\s<>@]+@[^\s<>@]+>")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE = re.compile(
    rf"(?:(?P<day>{'|'.join(_DAYS)}),\s*)?(?P<d>\d{{1,2}})\s+(?P<month>{'|'.join(_MONTHS)})\s+(?P<y>\d{{4}})\s+"
    r"(?P<h>\d\d):(?P<m>\d\d)(?::(?P<s>\d\d))?\s+(?:[+-]\d{4}|UT|GMT|Z)(?:\s*\([^()]*\))?"
)
_ONCE = frozenset(
    {
        *("date", "from", "sender", "reply-to", "to", "cc", "bcc", "message-id", "in-reply-to", "references"),
        *("subject", "mime-version", "content-type", "x-mss-codecda", "x-mss-ins", "x-mss-nil", "x-mss-mes"),
    }
)
_ENCODED = ("Subject", "From", "To", "Cc", "Reply-To")
_REPLY = re.compile(r"\s*(?:re|ré|rép)\s*:", re.IGNORECASE)
_ID_FORM: Final = "<left@right>"

SYNTAX = mail_rule(
    "HEADER-SYNTAX",
    "header of the mail",
    "une ligne de l'en-tête n'est pas un champ « Nom: valeur », ou l'en-tête est démesuré",
    "a line of the header is no field 'Name: value', or the header is oversized",
    "chaque ligne est un champ ou commence par une espace ; une ligne vide termine l'en-tête",
    "each line is a field or begins with a blank; an empty line ends the header",
    source="RFC 5322 section 2.2",
    grade=STANDARD,
    example=Example("header", "this is no field:", "Name: value"),
)
ENCODING = mail_rule(
    "HEADER-ENCODING",
    "encoded words of the header",
    "un en-tête porte des octets hors ASCII, ou un mot encodé mal formé",
    "a header field holds octets outside ASCII, or a malformed encoded word",
    "écrivez =?utf-8?B?...?= (75 caractères au plus par mot, un repli entre deux mots)",
    "write =?utf-8?B?...?= (75 characters a word at most, a fold between two words)",
    source="RFC 2047 section 2, RFC 5322 section 2.2",
    grade=STANDARD,
    example=Example("header.Subject", "octets outside ASCII", "encoded words"),
)
TWICE = mail_rule(
    "HEADER-TWICE",
    "fields allowed once",
    "ce champ figure plusieurs fois",
    "this field stands more than once",
    "gardez-en un seul",
    "keep one",
    source=_RFC5322,
    grade=STANDARD,
    example=Example("header.Subject", "2", "1"),
)
FROM = mail_rule(
    "FROM",
    "From",
    "l'expéditeur manque ou n'est pas une adresse",
    "the sender is missing or is no address",
    "From: <libellé> <adresse de la boîte émettrice>",
    "From: <label> <address of the sending mailbox>",
    source="ANS, transmission d'un document CDA en HL7v2, correspondances MSS; RFC 5322 section 3.6.2",
    grade=SOURCED,
    example=Example("header.From", "", "an address"),
)
FROM_NAME = mail_rule(
    "FROM-NAME",
    "display name of From",
    "le libellé de l'expéditeur manque, ou n'a pas la forme demandée pour une boîte personnelle",
    "the display name of the sender is missing, or has not the form asked of a personal mailbox",
    "boîte PER : <Titre>_<Prénom>_<NOM>_<Entité> ; boîte ORG ou APP : libellé de l'entité",
    "PER mailbox: <Title>_<Given name>_<NAME>_<Entity>; ORG or APP mailbox: label of the entity",
    source=eco("2.2.7"),
    grade=SOURCED,
    needs=("FROM",),
    example=Example("header.From", "", "Title_Given_NAME_Entity, or the label of the entity"),
)
DATE = mail_rule(
    "DATE",
    "Date",
    "la date manque, ne suit pas la RFC 5322, ou son jour de semaine est faux",
    "the date is missing, does not follow RFC 5322, or names the wrong day of the week",
    "Date: Sat, 21 Nov 2026 09:30:00 +0100",
    "Date: Sat, 21 Nov 2026 09:30:00 +0100",
    source=f"{_RFC5322}.1",
    grade=STANDARD,
    example=Example("header.Date", "", "Sat, 21 Nov 2026 09:30:00 +0100"),
)
MESSAGE_ID = mail_rule(
    "MESSAGE-ID",
    "Message-ID",
    "l'identifiant du message manque ou est mal formé : aucun accusé ne pourra lui être rattaché",
    "the message identifier is missing or malformed: no receipt can be matched to it",
    "Message-ID: <unique@domaine>, donné par votre logiciel",
    "Message-ID: <unique@domain>, given by your software",
    source=f"{eco('2.2.1')}; {_RFC5322}.4",
    grade=SOURCED,
    example=Example("header.Message-ID", "", _ID_FORM),
)
RECIPIENTS = mail_rule(
    "RECIPIENTS",
    "To, Cc",
    "aucun destinataire n'est nommé dans l'en-tête",
    "the header names no recipient",
    "un To par destinataire de la demande",
    "one To for each recipient of the request",
    source="ANS, transmission d'un document CDA en HL7v2, correspondances MSS",
    grade=INFERRED,
    example=Example("header.To", "", "an address"),
)
MIME_VERSION = mail_rule(
    "MIME-VERSION",
    "MIME-Version",
    "MIME-Version manque : un lecteur peut prendre tout le courriel pour du texte",
    "MIME-Version is missing: a reader may take the whole mail for text",
    "MIME-Version: 1.0",
    "MIME-Version: 1.0",
    source="RFC 2045 section 4",
    grade=STANDARD,
    example=Example("header.MIME-Version", "", "1.0"),
)
REFERENCES = mail_rule(
    "REFERENCES",
    "In-Reply-To, References",
    "References ne porte pas l'identifiant auquel In-Reply-To dit répondre",
    "References does not hold the identifier that In-Reply-To answers",
    "References = ceux du message d'origine, suivis de son Message-ID",
    "References = those of the original, followed by its Message-ID",
    source=f"{eco('2.2.2')}; {_RFC5322}.4",
    grade=SOURCED,
    example=Example("header.References", "", "<original@ch-b.mssante.test>"),
)
REPLY = mail_rule(
    "REPLY",
    "In-Reply-To of a reply",
    "le sujet annonce une réponse, mais rien ne la rattache au message d'origine",
    "the subject tells a reply, but nothing ties it to the original",
    "In-Reply-To et References portent le Message-ID du message d'origine",
    "In-Reply-To and References hold the Message-ID of the original",
    source=eco("2.2.2"),
    grade=INFERRED,
    example=Example("header.In-Reply-To", "", _ID_FORM),
)
RECEIPT_TO = mail_rule(
    "RECEIPT-TO",
    "Return-Receipt-To",
    "l'accusé de réception est demandé pour une autre boîte que celle qui émet",
    "the delivery receipt is asked for another mailbox than the sending one",
    "Return-Receipt-To: <adresse de la boîte émettrice>",
    "Return-Receipt-To: <address of the sending mailbox>",
    source=eco("2.3.1"),
    grade=SOURCED,
    needs=("FROM",),
    example=Example("header.Return-Receipt-To", "<else@ch-b.mssante.test>", "pfi@ch-a.mssante.test"),
)
NOTIFICATION_TO = mail_rule(
    "NOTIFICATION-TO",
    "Disposition-Notification-To",
    "l'accusé de lecture est demandé sans adresse lisible",
    "the read receipt is asked for without a readable address",
    "Disposition-Notification-To: <adresse de la boîte émettrice>",
    "Disposition-Notification-To: <address of the sending mailbox>",
    source="RFC 8098 section 2.1",
    grade=STANDARD,
    example=Example("header.Disposition-Notification-To", "yes", "an address"),
)
REPLY_TO = mail_rule(
    "REPLY-TO",
    "Reply-To",
    "la réponse d'un lecteur n'arriverait à personne : boîte applicative sans Reply-To, ou adresse hors MSSanté",
    "the answer of a reader would reach nobody: applicative mailbox without Reply-To, or address outside MSSante",
    "Reply-To: <boîte MSSanté que quelqu'un lit>",
    "Reply-To: <MSSante mailbox that somebody reads>",
    source=eco("2.2.5"),
    grade=INFERRED,
    example=Example("header.Reply-To", "", "an MSSante mailbox that somebody reads"),
)


def header_syntax(letter: Letter) -> Iterator[Finding]:
    for defect in letter.mail.defects:
        if defect.kind in {"header-line", "no-blank-line", "header-too-large"}:
            yield SYNTAX.finding(defect.where, found=defect.found, expected="Name: value")


def header_encoding(letter: Letter) -> Iterator[Finding]:
    mail = letter.mail
    octets = {defect.where for defect in mail.defects if defect.kind == "header-octets"}
    for where in sorted(octets):
        yield ENCODING.finding(where, found="octets outside ASCII", expected="encoded words")
    for name in _ENCODED:
        field = mail.first(name)
        if field is not None and mail.where(name) not in octets and field.decoded.defects:
            yield ENCODING.finding(mail.where(name), found=field.decoded.defects[0], expected="encoded words")


def header_once(letter: Letter) -> Iterator[Finding]:
    names = Counter(field.name.lower() for field in letter.mail.fields)
    told: set[str] = set()
    for field in letter.mail.fields:
        name = field.name.lower()
        if name in _ONCE and names[name] > 1 and name not in told:
            told.add(name)
            yield TWICE.finding(letter.mail.where(field.name), found=names[name], expected=1)


def sender(letter: Letter) -> Iterator[Finding]:
    if not letter.sender.wellformed:
        field = letter.mail.first("From")
        yield FROM.finding(letter.mail.where("From"), found=field.text if field else "", expected="an address")


def sender_name(letter: Letter) -> Iterator[Finding]:
    if letter.sender.family is Family.CITIZEN:
        return
    name = next((box.name for box in letter.mail.addresses("From")), "")
    if not name or (letter.sender_kind == PERSONAL and PersonalName.read(name) is None):
        expected = "Title_Given_NAME_Entity, or the label of the entity"
        yield FROM_NAME.finding(letter.mail.where("From"), found=name, expected=expected)


def date(letter: Letter) -> Iterator[Finding]:
    field = letter.mail.first("Date")
    if field is None or not _is_date(field.text):
        where = letter.mail.where("Date")
        yield DATE.finding(where, found=field.text if field else "", expected="Sat, 21 Nov 2026 09:30:00 +0100")


def message_id(letter: Letter) -> Iterator[Finding]:
    found = letter.mail.text("Message-ID")
    if not _MESSAGE_ID.fullmatch(found):
        yield MESSAGE_ID.finding(letter.mail.where("Message-ID"), found=found, expected=_ID_FORM)


def recipients(letter: Letter) -> Iterator[Finding]:
    if not letter.mail.addresses("To", "Cc"):
        yield RECIPIENTS.finding(letter.mail.where("To"), expected="an address")


def mime_version(letter: Letter) -> Iterator[Finding]:
    if letter.mail.first("Content-Type") and letter.mail.text("MIME-Version").partition("(")[0].strip() != "1.0":
        found = letter.mail.text("MIME-Version")
        yield MIME_VERSION.finding(letter.mail.where("MIME-Version"), found=found, expected="1.0")


def references(letter: Letter) -> Iterator[Finding]:
    mail = letter.mail
    answered = _MESSAGE_ID.findall(mail.text("In-Reply-To"))
    missing = [one for one in answered if one not in mail.text("References")]
    if missing:
        yield REFERENCES.finding(mail.where("References"), found=mail.text("References"), expected=missing[0])
    if _REPLY.match(letter.subject) and not answered:
        yield REPLY.finding(mail.where("In-Reply-To"), found=mail.text("In-Reply-To"), expected=_ID_FORM)


def receipts(letter: Letter) -> Iterator[Finding]:
    mail = letter.mail
    field = mail.first("Return-Receipt-To")
    if field is not None:
        asked = {Address.read(box.address).key for box in field.mailboxes}
        if asked != {letter.sender.key}:
            yield RECEIPT_TO.finding(mail.where("Return-Receipt-To"), found=field.text, expected=letter.sender)
    field = mail.first("Disposition-Notification-To")
    if field is not None and not any(Address.read(box.address).wellformed for box in field.mailboxes):
        where = mail.where("Disposition-Notification-To")
        yield NOTIFICATION_TO.finding(where, found=field.text, expected="an address")


def reply_to(letter: Letter) -> Iterator[Finding]:
    named = [Address.read(box.address) for box in letter.mail.addresses("Reply-To")]
    mute = letter.sender_kind == APPLICATIVE and not named and not letter.answering
    if mute or any(not address.in_trust_space for address in named):
        found = letter.mail.text("Reply-To")
        expected = "an MSSante mailbox that somebody reads"
        yield REPLY_TO.finding(letter.mail.where("Reply-To"), found=found, expected=expected)


def _is_date(text: str) -> bool:
    found = _DATE.fullmatch(text)
    if found is None:
        return False
    try:
        day = datetime(int(found["y"]), _MONTHS.index(found["month"]) + 1, int(found["d"]))
    except ValueError:
        return False
    in_the_day = int(found["h"]) < 24 and int(found["m"]) < 60 and int(found["s"] or 0) <= 60
    return in_the_day and found["day"] in (None, _DAYS[day.weekday()])


CHECKS: Final[tuple[Check[Letter], ...]] = (
    *(header_syntax, header_encoding, header_once, sender, sender_name, date, message_id, recipients),
    *(mime_version, references, receipts, reply_to),
)
RULES: Final[tuple[Rule, ...]] = (
    *(SYNTAX, ENCODING, TWICE, FROM, FROM_NAME, DATE, MESSAGE_ID, RECIPIENTS, MIME_VERSION, REFERENCES, REPLY),
    *(RECEIPT_TO, NOTIFICATION_TO, REPLY_TO),
)
