"""The doors of IMAP, with imaplib as the product; the mailbox itself is tested beside the IMAP room."""

from __future__ import annotations

import imaplib
from urllib.parse import urlsplit

import pytest

from tests.e2e.mssante.conftest import GENERALIST, SPECIALIST, House, mail


def _imap(house: House, listener: str, structure: str = "") -> imaplib.IMAP4:
    at = urlsplit(house.sandbox.url(listener))
    context = house.context(structure)
    if at.scheme == "imaps":
        return imaplib.IMAP4_SSL(at.hostname or "", at.port or 0, ssl_context=context, timeout=20)
    client = imaplib.IMAP4(at.hostname or "", at.port or 0, timeout=20)
    assert "LOGINDISABLED" in client.capabilities
    client.starttls(context)
    return client


@pytest.mark.parametrize("listener", ["imap", "imaps"])
def test_a_mail_sent_is_read(house: House, listener: str) -> None:
    client, sender = house.applicative()
    to = house.box("PER", SPECIALIST)
    raw = mail(sender, to, body="à lire")
    client.sendmail(sender, [to], raw)
    reader = _imap(house, listener)
    token = house.token()
    assert reader.authenticate("XOAUTH2", lambda _: f"user={to}\x01auth=Bearer {token}\x01\x01".encode())[0] == "OK"
    assert reader.select("INBOX")[1] == [b"1"]
    data = reader.fetch("1", "(RFC822)")[1][0]
    assert isinstance(data, tuple)
    assert data[1].endswith(raw)
    reader.logout()


def test_certificate_for_the_applicative_mailbox(house: House) -> None:
    structure = house.structure("hospital")
    reader = _imap(house, "imaps", structure)
    address = house.box("APP", structure)
    assert "AUTH=EXTERNAL" in reader.capabilities
    assert reader.authenticate("EXTERNAL", lambda _: address.encode())[0] == "OK"
    assert reader.select("INBOX")[0] == "OK"


def test_refusals(house: House) -> None:
    reader = _imap(house, "imaps")
    other = house.box("PER", GENERALIST)
    token = house.token()

    def shown(challenge: bytes) -> bytes:
        return b"" if challenge else f"user={other}\x01auth=Bearer {token}\x01\x01".encode()

    with pytest.raises(imaplib.IMAP4.error, match="AUTHORIZATIONFAILED"):
        reader.authenticate("XOAUTH2", shown)
    assert house.journal("AUTH")[-1].verdict["findings"][-1]["rule"] == "MSS-AUTH-RIGHTS"
    with pytest.raises(imaplib.IMAP4.error):
        reader.login(other, "secret")
