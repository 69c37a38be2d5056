"""Dates of APPEND, FETCH and SEARCH.

Source: RFC 3501 §9 (date-time, date). Month names are English whatever the locale.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from simulators.mssante.imap.errors import Bad

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIME: Final = re.compile(
    rb"( ?\d|\d\d)-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)",
)
_DATE: Final = re.compile(rb"(\d{1,2})-([A-Za-z]{3})-(\d{4})")


def date_time(text: bytes) -> datetime:
    """``17-Jul-1996 02:44:25 -0700``. Raises :class:`Bad`."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise Bad("a date-time looks like 17-Jul-1996 02:44:25 -0700")
    day, month, year, hour, minute, second, sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == b"-" else 1)
    figures = (int(year), _month(month), int(day), int(hour), int(minute), int(second))
    try:
        return datetime(*figures, tzinfo=timezone(offset)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Bad("no such date") from None


def day(text: bytes) -> date:
    """``1-Feb-1994``. Raises :class:`Bad`."""
    found = _DATE.fullmatch(text)
    if found is None:
        raise Bad("a date looks like 1-Feb-1994")
    try:
        return date(int(found[3]), _month(found[2]), int(found[1]))
    except ValueError:
        raise Bad("no such date") from None


def internal_date(instant: datetime) -> bytes:
    """For INTERNALDATE, in UTC."""
    at = instant.astimezone(UTC)
    return f'"{at.day:02}-{_MONTHS[at.month - 1]}-{at.year:04} {at:%H:%M:%S} +0000"'.encode()


def _month(name: bytes) -> int:
    try:
        return _MONTHS.index(name.decode().capitalize()) + 1
    except ValueError:
        raise Bad("no such month") from None
