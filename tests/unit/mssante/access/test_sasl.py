from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.mssante.access.model import Credentials
from simulators.mssante.access.sasl import MECHANISMS, Challenge, Dialogue, SaslUnreadable, decoded

X = b"user=a@b.c\x01auth=Bearer abc.d-e_f\x01\x01"


def test_xoauth2_with_and_without_initial_response() -> None:
    for dialogue in (Dialogue("xoauth2"), Dialogue("XOAUTH2")):
        assert dialogue.begin(None) == Challenge(b"")
        assert dialogue.answer(X) == Credentials("XOAUTH2", "a@b.c", "abc.d-e_f", raw=X)


def test_oauthbearer() -> None:
    raw = b"n,a=a=2Cb@c.d,\x01host=h\x01port=587\x01auth=Bearer t\x01\x01"
    assert Dialogue("OAUTHBEARER").begin(raw) == Credentials("OAUTHBEARER", "a,b@c.d", "t", raw=raw)
    assert Dialogue("OAUTHBEARER").begin(b"n,,\x01auth=Bearer t\x01\x01").address == ""  # type: ignore[union-attr]


def test_plain_login_external() -> None:
    assert Dialogue("PLAIN").begin(b"\x00u\x00p") == Credentials("PLAIN", "u", password="p", raw=b"\x00u\x00p")
    assert Dialogue("EXTERNAL").begin(b"") == Credentials("EXTERNAL", "")
    login = Dialogue("LOGIN")
    assert login.begin(None) == Challenge(b"Username:")
    assert login.answer(b"u") == Challenge(b"Password:")
    assert login.answer(b"p") == Credentials("LOGIN", "u", password="p", raw=b"p")


@pytest.mark.parametrize(
    ("mechanism", "raw", "where"),
    [
        ("XOAUTH2", X[:-1], "sasl"),
        ("XOAUTH2", b"user=a@b.c\x01auth=Basic x\x01\x01", "sasl.auth"),
        ("XOAUTH2", b"user=a@b.c\x01auth=Bearer a b\x01\x01", "sasl.auth"),
        ("XOAUTH2", b"user=a\r\nb\x01auth=Bearer x\x01\x01", "sasl.user"),
        ("XOAUTH2", b"\xff\x01\x01", "sasl"),
        ("OAUTHBEARER", X, "sasl.gs2-header"),
        ("OAUTHBEARER", b"p=tls,,\x01auth=Bearer x\x01\x01", "sasl.gs2-header"),
        ("PLAIN", b"u\x00p", "sasl"),
        ("EXTERNAL", b"a b", "sasl.authzid"),
    ],
)
def test_unreadable(mechanism: str, raw: bytes, where: str) -> None:
    with pytest.raises(SaslUnreadable) as problem:
        Dialogue(mechanism).begin(raw)
    assert problem.value.where == where


@given(st.sampled_from(MECHANISMS), st.binary(max_size=120))
def test_any_octets_are_read_or_unreadable(mechanism: str, raw: bytes) -> None:
    try:
        step = Dialogue(mechanism).begin(raw)
    except SaslUnreadable:
        return
    assert isinstance(step, Challenge | Credentials)


def test_base64() -> None:
    assert decoded(b"=") == b""
    assert decoded(b"YQ==") == b"a"
    for bad in (b"YQ", b"Y Q=", b"\xff"):
        with pytest.raises(SaslUnreadable):
            decoded(bad)
