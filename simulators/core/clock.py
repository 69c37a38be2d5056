"""Two times.

*Wire time* is the wall clock, or frozen for pure tests: everything a counterpart validates.
*Business time* is wire time plus the world's offset: legal delays and schedules. The offset only
grows, so an unmodified product keeps working after ``advance P6M``.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import MAXYEAR, UTC, datetime, timedelta
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Now = Callable[[], datetime]

_PERIOD = re.compile(
    r"P(?=.)(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?"
    r"(?:T(?=.)(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?",
    re.ASCII,
)


def system_now() -> datetime:
    """The wall clock, UTC, aware. The only place that asks the system."""
    return datetime.now(UTC)


def to_us(instant: datetime) -> int:
    """Whole microseconds since 1970 UTC. Raises ``ValueError`` on a naive datetime."""
    if instant.tzinfo is None:
        raise ValueError("naive datetime")
    return (instant - EPOCH) // timedelta(microseconds=1)


def from_us(value: int) -> datetime:
    """The aware UTC instant of :func:`to_us`."""
    return EPOCH + timedelta(microseconds=int(value))


def add_period(start: datetime, period: str) -> datetime:
    """``start`` plus an ISO 8601 duration; years to days on the Europe/Paris calendar, hours to
    seconds on the time line.

    The day is clipped to the end of the month; a period is never negative. Raises ``ValueError``
    (period, naive ``start``, result out of the calendar).
    """
    match = _PERIOD.fullmatch(period)
    if match is None:
        raise ValueError(f"not an ISO 8601 duration: {period!r} (for example P6M, P1Y, P3DT12H)")
    if start.tzinfo is None:
        raise ValueError("naive datetime")
    years, months, weeks, days, hours, minutes, seconds = (int(g or 0) for g in match.groups())
    try:
        moved = _add_dates(start.astimezone(PARIS), years * 12 + months, weeks * 7 + days)
        return moved.astimezone(UTC) + timedelta(hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError as problem:
        raise ValueError(f"{period} leads out of the calendar") from problem


def _add_dates(local: datetime, months: int, days: int) -> datetime:
    if not months and not days:
        return local
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    if year > MAXYEAR:
        raise OverflowError(year)
    day = min(local.day, monthrange(year, month + 1)[1])
    # The second 02:30 of an autumn night has no meaning on another day.
    return local.replace(year=year, month=month + 1, day=day, fold=0) + timedelta(days=days)


def parse_instant(text: str) -> datetime:
    """An ISO 8601 instant; without a zone it is Europe/Paris. Raises ``ValueError``."""
    instant = datetime.fromisoformat(text)
    try:
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=PARIS).astimezone(UTC)
    except OverflowError as problem:
        raise ValueError(f"{text} is out of the calendar") from problem
