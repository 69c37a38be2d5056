"""curl, swaks and msmtp carry a published XDM to the operator; curl fetches it back, bytes identical.

Debian packages: curl, swaks, msmtp. The token is Pro Santé Connect's own, the certificate the hospital's.
"""

from __future__ import annotations

import quopri
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.interop.mail.office import (
    GENERALIST,
    HELO,
    SPECIALIST,
    STRANGER,
    Office,
    letter,
    office,
    run,
    same_archive,
)
from tests.interop.psc import room as rooms

pytestmark = pytest.mark.interop
CURL_NO_LOGIN, SWAKS_NO_AUTH, SWAKS_NO_MAIL, MSMTP_REFUSED = 67, 10, 23, 77


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with rooms.bench(tmp_path_factory.mktemp("mail")) as running:
        yield office(running)


@pytest.fixture
def per(here: Office, tmp_path: Path) -> tuple[str, str, Path]:
    """A mail from one professional to another: sender, recipient, file."""
    sender, to = here.box("PER", SPECIALIST), here.box("PER", GENERALIST)
    return sender, to, _file(tmp_path, letter(sender, to))


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "letter.eml"
    path.write_bytes(content)
    return path


def _curl(here: Office, *words: str, code: int = 0) -> bytes:
    curl = rooms.tool("curl", "Debian package curl")
    return run([curl, "-sS", "--cacert", here.roots, "--ssl-reqd", *words], code=code)


def _url(here: Office, listener: str, path: str, login: str = "") -> str:
    scheme = {"submission": "smtp", "submissions": "smtps"}.get(listener, listener)
    host, port = here.at(listener)
    return f"{scheme}://{login}{host}:{port}/{path}"


def _certificate(here: Office) -> list[str]:
    certificate, key = here.room.certificate
    return ["--cert", certificate, "--key", key]


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
@pytest.mark.parametrize(("sends", "reads"), [("submission", "imap"), ("submissions", "imaps")])
@pytest.mark.parametrize("initial", [True, False], ids=["initial response", "no initial response"])
def test_curl_with_a_token(
    here: Office, per: tuple[str, str, Path], sends: str, reads: str, mechanism: str, initial: bool
) -> None:
    sender, to, file = per
    how = ["--login-options", f"AUTH={mechanism}", *(["--sasl-ir"] if initial else [])]
    who = ["--user", f"{sender}:", "--oauth2-bearer", here.token()]
    mail = ["--mail-from", sender, "--mail-rcpt", to, "--upload-file", str(file)]
    _curl(here, *how, *who, *mail, _url(here, sends, HELO))
    reader = ["--user", f"{to}:", "--oauth2-bearer", here.token(GENERALIST)]
    number = len(here.stored(to))
    fetched = _curl(here, *how, *reader, _url(here, reads, f"INBOX;MAILINDEX={number}"))
    assert fetched.endswith(file.read_bytes())
    assert same_archive(fetched)


def test_curl_by_certificate(here: Office, tmp_path: Path) -> None:
    own, to = here.box("APP"), here.box("PER", GENERALIST)
    mail = ["--mail-from", own, "--mail-rcpt", own, "--mail-rcpt", to]
    file = _file(tmp_path, letter(own, own))
    login = f"{quote(own)};AUTH=EXTERNAL@"
    _curl(here, *_certificate(here), *mail, "--upload-file", str(file), _url(here, "submissions", HELO, login))
    assert same_archive(here.stored(to)[-1])
    number = len(here.stored(own))
    # curl 7.88 knows EXTERNAL over IMAP only when the server offers no mechanism it prefers; told so, it obeys.
    fetched = _curl(here, *_certificate(here), _url(here, "imaps", f"INBOX;MAILINDEX={number}", login))
    assert fetched.endswith(file.read_bytes())


def test_curl_files_its_copy(here: Office, per: tuple[str, str, Path]) -> None:
    sender, _, file = per
    who = ["--user", f"{sender}:", "--oauth2-bearer", here.token(), "--login-options", "AUTH=XOAUTH2"]
    _curl(here, *who, "--upload-file", str(file), _url(here, "imaps", "Sent"))
    assert _curl(here, *who, _url(here, "imaps", "Sent;MAILINDEX=1")) == file.read_bytes()
    found = _curl(here, *who, "--request", "SEARCH HEADER X-MSS-CODECDA 11502-2", _url(here, "imaps", "Sent"))
    assert found == b"* SEARCH 1\r\n"


REFUSED = {
    "another's mailbox": (SPECIALIST, GENERALIST, "MSS-AUTH-RIGHTS"),
    "an organisation that does not know the person": (STRANGER, "ORG", "MSS-AUTH-RIGHTS"),
    "a token on the mailbox of an application": (SPECIALIST, "APP", "MSS-AUTH-NOT-TOKEN"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("listener", ["submission", "imaps"])
def test_curl_is_refused(here: Office, case: str, listener: str) -> None:
    person, target, rule = REFUSED[case]
    address = here.box(target) if target in {"ORG", "APP"} else here.box("PER", target)
    who = ["--user", f"{address}:", "--oauth2-bearer", here.token(person), "--login-options", "AUTH=XOAUTH2"]
    said = _curl(here, *who, _url(here, listener, ""), code=CURL_NO_LOGIN)
    assert b"Login denied" in said
    assert here.refused("AUTH") == rule


@pytest.mark.parametrize("listener", ["submission", "imaps"])
def test_curl_is_refused_abruptly(here: Office, listener: str) -> None:
    here.refuse("MSS-AUTH-ABRUPT", "mssante.AUTH")
    address = here.box("PER", SPECIALIST)
    who = ["--user", f"{address}:", "--oauth2-bearer", here.token(), "--login-options", "AUTH=XOAUTH2"]
    try:
        said = _curl(here, *who, _url(here, listener, ""), code=56 if listener == "submission" else CURL_NO_LOGIN)
    finally:
        here.clear()
    assert (b"response reading failed" if listener == "submission" else b"Login denied") in said


def test_curl_with_a_certificate_on_a_person_s_mailbox(here: Office) -> None:
    login = f"{quote(here.box('PER', SPECIALIST))};AUTH=EXTERNAL@"
    for listener in ("submissions", "imaps"):
        said = _curl(here, *_certificate(here), _url(here, listener, "", login), code=CURL_NO_LOGIN)
        assert b"Login denied" in said
        assert here.refused("AUTH") == "MSS-AUTH-NOT-CERTIFICATE"


def _swaks(here: Office, *words: str, code: int = 0) -> str:
    swaks = rooms.tool("swaks", "Debian package swaks")
    host, port = here.at("submission")
    common = [swaks, "--server", host, "--port", str(port), "--ehlo", HELO, "--tls", "--tls-ca-path", here.roots]
    return run([*common, "--tls-verify", *words], code=code).decode("utf-8", "replace")


def test_swaks_with_a_password(here: Office, tmp_path: Path) -> None:
    sender, to = here.box("ORG"), here.box("PER", GENERALIST)
    file = _file(tmp_path, letter(sender, to))
    who = ["--from", sender, "--to", to, "--auth-user", sender, "--auth-password", "secret"]
    here.change(sender, password="secret")
    try:
        for mechanism in ("PLAIN", "LOGIN"):
            said = _swaks(here, *who, "--auth", mechanism, "--data", f"@{file}")
            assert "250 2.0.0 Ok: queued as " in said
            # swaks ends what it sends with a line end of its own
            assert here.stored(to)[-1].endswith(file.read_bytes() + b"\r\n")
    finally:
        here.change(sender, password="")
    assert same_archive(here.stored(to)[-1])


def test_swaks_is_refused(here: Office) -> None:
    """It has neither XOAUTH2 nor EXTERNAL: what it can show are refusals, in the operator's words."""
    sender, to = here.box("ORG"), here.box("PER", GENERALIST)
    certificate, key = here.room.certificate
    shown = ["--tls-cert", certificate, "--tls-key", key]
    said = _swaks(here, *shown, "--from", sender, "--to", to, code=SWAKS_NO_MAIL)
    assert "250 AUTH XOAUTH2 OAUTHBEARER EXTERNAL" in said
    assert "530 5.7.0 authentication required [MSS-SMTP-AUTH]" in said
    bearer = ["--auth", "XOAUTH2", "--auth-user", sender, "--auth-password", "none"]
    assert "XOAUTH2 is not a recognized auth type" in _swaks(
        here, *bearer, "--from", sender, "--to", to, code=SWAKS_NO_AUTH
    )
    clear = rooms.tool("swaks", "Debian package swaks")
    host, port = here.at("submission")
    said = run([clear, "--server", host, "--port", str(port), "--from", sender, "--to", to], code=23).decode()
    assert "530 5.7.0" in said and "STARTTLS" in said


def _msmtp(here: Office, sender: str, token: str, mechanism: str, *words: str) -> list[str]:
    msmtp = rooms.tool("msmtp", "Debian package msmtp")
    host, port = here.at("submission")
    tls = ["--tls=on", "--tls-starttls=on", f"--tls-trust-file={here.roots}"]
    who = [f"--from={sender}", f"--user={sender}", f"--auth={mechanism}", f"--passwordeval=echo {token}"]
    return [msmtp, f"--host={host}", f"--port={port}", f"--domain={HELO}", *tls, *who, *words]


@pytest.mark.parametrize("mechanism", ["oauthbearer", "xoauth2"])
def test_msmtp_with_a_token(here: Office, per: tuple[str, str, Path], mechanism: str) -> None:
    sender, to, file = per
    unix = file.read_bytes().replace(b"\r\n", b"\n")
    run(_msmtp(here, sender, here.token(), mechanism, "--dsn-notify=success", to), stdin=unix)
    assert here.stored(to)[-1].endswith(file.read_bytes())
    assert same_archive(here.stored(to)[-1])
    assert b"Action: delivered" in here.stored(sender)[-1]


def test_msmtp_by_certificate(here: Office, tmp_path: Path) -> None:
    own, to = here.box("APP"), here.box("PER", GENERALIST)
    certificate, key = here.room.certificate
    shown = [f"--tls-cert-file={certificate}", f"--tls-key-file={key}"]
    command = _msmtp(here, own, "", "external", *shown, to)
    run(command, stdin=letter(own, to).replace(b"\r\n", b"\n"))
    assert here.stored(to)[-1].endswith(letter(own, to))


def test_msmtp_is_refused(here: Office) -> None:
    other, token = here.box("PER", GENERALIST), here.token()
    said = run(_msmtp(here, other, token, "xoauth2", other), stdin=b"Subject: x\n\nx\n", code=MSMTP_REFUSED)
    assert b"MSS-AUTH-RIGHTS" in quopri.decodestring(said), said
