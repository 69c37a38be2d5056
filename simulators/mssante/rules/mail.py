"""Every rule and check on a mail accepted, in the order in which they are judged: a rule's needs come before it."""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Check, Rule
from simulators.mssante.rules import (
    mail_archive,
    mail_documents,
    mail_extension,
    mail_headers,
    mail_identity,
    mail_pdf,
    mail_reports,
    mail_subject,
    mail_text,
)
from simulators.mssante.verdict.reading import Letter

CHECKS: Final[tuple[Check[Letter], ...]] = (
    *mail_headers.CHECKS,
    *mail_text.CHECKS,
    *mail_subject.CHECKS,
    *mail_archive.CHECKS,
    *mail_identity.CHECKS,
    *mail_documents.CHECKS,
    *mail_pdf.CHECKS,
    *mail_extension.CHECKS,
    *mail_reports.CHECKS,
)
RULES: Final[tuple[Rule, ...]] = (
    *mail_headers.RULES,
    *mail_text.RULES,
    *mail_subject.RULES,
    *mail_archive.RULES,
    *mail_documents.RULES,
    *mail_identity.RULES,
    *mail_pdf.RULES,
    *mail_extension.RULES,
    *mail_reports.RULES,
)
