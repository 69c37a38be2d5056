"""Two times, and calendar arithmetic as the law counts it."""

from __future__ import annotations

import contextlib
from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from simulators.core.clock import PARIS, add_period, from_us, parse_instant, system_now, to_us

INSTANTS = st.datetimes(datetime(1950, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


def paris(year: int, month: int, day: int, hour: int = 12, minute: int = 0, *, fold: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=PARIS, fold=fold)


@given(INSTANTS)
def test_instants_survive_as_microseconds(instant: datetime) -> None:
    assert from_us(to_us(instant)) == instant
    assert to_us(instant.astimezone(PARIS)) == to_us(instant)


def test_what_the_system_says_is_aware() -> None:
    assert system_now().utcoffset() == timedelta(0)


def test_a_naive_instant_is_refused() -> None:
    naive = datetime(2026, 1, 1)
    with pytest.raises(ValueError, match="naive"):
        to_us(naive)
    with pytest.raises(ValueError, match="naive"):
        add_period(naive, "P1D")


@pytest.mark.parametrize(
    ("start", "period", "end"),
    [
        (paris(2026, 8, 31), "P6M", paris(2027, 2, 28)),  # clipped to the end of the month
        (paris(2027, 8, 31), "P6M", paris(2028, 2, 29)),  # of a leap year
        (paris(2028, 2, 29), "P1Y", paris(2029, 2, 28)),
        (paris(2026, 1, 31), "P1M", paris(2026, 2, 28)),
        (paris(2026, 1, 31), "P1M1D", paris(2026, 3, 1)),  # months first, then days
        (paris(2026, 12, 15), "P1M", paris(2027, 1, 15)),
        (paris(2026, 1, 15), "P6M", paris(2026, 7, 15)),  # noon stays noon over the change to summer time
        (paris(2026, 3, 28, 12), "P1D", paris(2026, 3, 29, 12)),  # a day of 23 hours
        (paris(2026, 3, 28, 12), "PT24H", paris(2026, 3, 29, 13)),  # 24 hours are 24 hours
        (paris(2026, 10, 24, 12), "P1D", paris(2026, 10, 25, 12)),  # a day of 25 hours
        (paris(2026, 2, 28, 2, 30), "P1M1D", paris(2026, 3, 29, 3, 30)),  # 02:30 does not exist that night
        (paris(2026, 9, 25, 2, 30), "P1M", paris(2026, 10, 25, 2, 30)),  # the first of the two 02:30
        (paris(2026, 10, 25, 2, 30, fold=1), "P5M4D", paris(2027, 3, 29, 2, 30)),
        (paris(2025, 10, 26, 2, 30, fold=1), "P5M3D", paris(2026, 3, 29, 3, 30)),
        (datetime(2026, 1, 31, 23, 30, tzinfo=UTC), "P1M", datetime(2026, 2, 28, 23, 30, tzinfo=UTC)),
        (datetime(2026, 5, 31, 22, 30, tzinfo=UTC), "P1M", datetime(2026, 6, 30, 22, 30, tzinfo=UTC)),
        (paris(2026, 1, 1), "P1Y2M3W4DT5H6M7S", paris(2027, 3, 26, 17, 6) + timedelta(seconds=7)),
    ],
)
def test_periods_on_the_paris_calendar(start: datetime, period: str, end: datetime) -> None:
    found = add_period(start, period)
    assert found == end.astimezone(UTC)
    assert found.tzinfo is UTC


@given(INSTANTS, st.integers(0, 600))
def test_months_keep_the_day_or_clip_it(start: datetime, months: int) -> None:
    before, after = start.astimezone(PARIS), add_period(start, f"P{months}M").astimezone(PARIS)
    moved = (after.year * 12 + after.month) - (before.year * 12 + before.month)
    assert moved == months
    assert after.day == min(before.day, monthrange(after.year, after.month)[1])
    if months == 0:
        assert after == before


@given(
    INSTANTS,
    *(st.integers(0, top) for top in (50, 30, 60, 400, 1000, 1000, 100_000)),
)
def test_a_period_never_leads_back(start: datetime, y: int, mo: int, w: int, d: int, h: int, mi: int, s: int) -> None:
    after = add_period(start, f"P{y}Y{mo}M{w}W{d}DT{h}H{mi}M{s}S")
    assert after >= start
    if y + mo + w + d + h + mi + s == 0:
        assert after == start


@given(INSTANTS, INSTANTS)
def test_what_was_granted_later_lapses_no_earlier(one: datetime, other: datetime) -> None:
    first, second = sorted((one, other))
    night = {3, 10}  # a night of March leaps an hour: there two instants may change places by less than that
    assume(first.astimezone(PARIS).month not in night)
    assert add_period(first, "P6M") <= add_period(second, "P6M") + timedelta(hours=1)


@pytest.mark.parametrize(
    "bad",
    [
        "", "P", "PT", "P6", "6M", "P-6M", "-P6M", "P6M ", " P6M", "P6M\n", "p6m", "P1.5D", "PT0.5S", "P1YT", "P1D1M",
        "P٦M", "P²M", "P99999Y", "P6M6M", "PT1D", "P1H", "P0x1M", "P9999999999999M",
    ],
)  # fmt: skip
def test_what_is_no_duration_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        add_period(paris(2026, 1, 1), bad)


@given(st.text(alphabet="PTYMWDHS0123456789-+.", max_size=14))
def test_any_text_gives_an_instant_or_a_value_error(text: str) -> None:
    start = paris(2026, 1, 1)
    with contextlib.suppress(ValueError):
        assert add_period(start, text) >= start


@pytest.mark.parametrize("period", ["P9999Y", "P9000Y", "P7900Y9999W", "P7970Y12M9999W99999D", "P7973Y11M30DT999999H"])
def test_beyond_the_calendar_is_a_value_error(period: str) -> None:
    with pytest.raises(ValueError, match="calendar"):
        add_period(paris(2026, 1, 1), period)
    with pytest.raises(ValueError, match="calendar"):
        add_period(datetime.max.replace(tzinfo=UTC), period)


def test_instants_without_a_zone_are_in_paris() -> None:
    assert parse_instant("2026-07-01T12:00:00") == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert parse_instant("2026-01-01") == datetime(2025, 12, 31, 23, tzinfo=UTC)
    assert parse_instant("2026-01-01T12:00:00Z") == datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert parse_instant("2026-01-01T12:00:00.250+05:30") == datetime(
        2026, 1, 1, 12, 0, 0, 250_000, tzinfo=timezone(timedelta(hours=5, minutes=30))
    )
    assert parse_instant("2026-01-01T12:00:00+05:30").tzinfo is UTC


@pytest.mark.parametrize(
    "bad", ["", "tomorrow", "2026-13-01", "2026-02-30", "0001-01-01T00:00:00+14:00", "0001-01-01", "P6M"]
)
def test_what_is_no_instant_is_refused(bad: str) -> None:
    with pytest.raises(ValueError):
        parse_instant(bad)
