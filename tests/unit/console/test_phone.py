"""The phone page as a QR code: it really holds the address."""

from __future__ import annotations

import re

import pytest

from simulators.console.phone import here_only, phone_link, terminal_code

URL = "https://192.168.1.20:18020/w/main/phone"


def test_an_svg_element_without_style_or_script() -> None:
    link = phone_link(URL)
    assert link.url == URL and not link.here_only
    assert re.match(r"<svg [^>]*>", link.qr) and not re.search(r"style=|<script|href", link.qr)
    assert "<b>" not in phone_link("https://x.test/<b>").qr


def test_the_terminal_shows_the_same_modules() -> None:
    """Half blocks give back the square; its three corners are the finder patterns of ISO/IEC 18004."""
    rows = []
    for line in terminal_code(URL).splitlines():
        rows.append([c in "█▀" for c in line])
        rows.append([c in "█▄" for c in line])
    light = [row[4:-4] for row in rows[4 : 4 + len(rows[0]) - 8]]
    size = len(light[0])
    finder = ["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"]
    for top, left in ((0, 0), (0, size - 7), (size - 7, 0)):
        seen = ["".join("0" if light[top + y][left + x] else "1" for x in range(7)) for y in range(7)]
        assert seen == finder


@pytest.mark.parametrize(
    ("url", "alone"),
    [(URL, False), ("https://localhost:1/", True), ("https://127.0.0.1/", True), ("https://[::1]:2/", True)],
)
def test_an_address_of_this_machine_is_no_use_to_a_phone(url: str, alone: bool) -> None:
    assert here_only(url) is alone
