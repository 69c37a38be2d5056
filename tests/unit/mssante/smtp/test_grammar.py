from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.mssante.envelope import Recipient
from simulators.mssante.smtp import grammar
from simulators.mssante.smtp.grammar import Unreadable


def test_mail() -> None:
    read = grammar.mail("FROM:<a@b.c> SIZE=10 BODY=8bitmime RET=hdrs ENVID=x+2By SMTPUTF8 AUTH=<>")
    assert (read.sender, read.size, read.body, read.ret, read.envid, read.smtputf8) == (
        *("a@b.c", 10, "8BITMIME", "HDRS", "x+y", True),
    )
    assert grammar.mail("from: <>").sender == ""
    assert grammar.mail("FROM:<@relay.test,@b.test:a@b.c>").sender == "a@b.c"


def test_rcpt() -> None:
    assert grammar.rcpt("TO:<a@b.c> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bx@b.c") == Recipient(
        "a@b.c", frozenset({"SUCCESS", "DELAY"}), "rfc822;a+x@b.c"
    )
    for bad in ("TO:<>", "TO:a", "TO:<a b>", "TO:<a@b> NOTIFY=NEVER,DELAY", "TO:<a@b> ORCPT=x", "TO:<a@b> X=1"):
        with pytest.raises(Unreadable):
            grammar.rcpt(bad)


@given(st.binary(max_size=200))
def test_any_line_is_read_or_unreadable(octets: bytes) -> None:
    try:
        verb, argument = grammar.command(octets)
        assert verb.isalpha()
        for read in (grammar.mail, grammar.rcpt):
            read(argument)
    except Unreadable:
        pass


@given(st.text())
def test_any_argument_keeps_control_characters_out(text: str) -> None:
    for read in (grammar.mail, grammar.rcpt):
        try:
            made = read(f"FROM:<{text}>" if read is grammar.mail else f"TO:<{text}>")
        except Unreadable:
            continue
        assert not any(ord(sign) < 33 for sign in str(getattr(made, "sender", "") or getattr(made, "address", "x")))


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126)))
def test_xtext_round_trip(text: str) -> None:
    assert grammar.xtext(grammar.to_xtext(text)) == text


@pytest.mark.parametrize("text", ["a+0D+0Ab", "a+0d", "a=b", "a b", "é", "+7F", "a\r\nb"])
def test_xtext_refuses(text: str) -> None:
    with pytest.raises(Unreadable):
        grammar.xtext(text)
