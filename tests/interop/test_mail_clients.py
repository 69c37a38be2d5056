"""swaks, curl and msmtp carry a published XDM to the operator; curl fetches it back, bytes identical.

The token is Pro Santé Connect's own, the certificate the hospital's. Debian packages: swaks, curl, msmtp.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from simulators.assembly.endpoints import certificate_files, trust_files
from simulators.assembly.settings import Settings
from simulators.sandbox import Sandbox
from tests.e2e.mssante.conftest import GENERALIST, SPECIALIST, House

pytestmark = pytest.mark.interop
MINUTE = 60.0


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}
    with Sandbox(Settings(random_ports=True, environment=environment, publish=False)) as running:
        yield House(running, "main")


@pytest.fixture
def letter(house: House, tmp_path: Path) -> Path:
    """A mail with an archive, lines ended by CR LF."""
    made = MIMEMultipart()
    made["From"], made["To"] = house.box("PER", SPECIALIST), house.box("PER", GENERALIST)
    made["Subject"], made["Message-ID"] = "XDM/1.0/DDM+COMPTE RENDU CORSE FIGATELLIX 12/10/1988", "<un@interop.test>"
    made.attach(MIMEText("Bonjour, voici le compte rendu.", "plain", "utf-8"))
    archive = MIMEApplication(bytes(range(256)) * 800, "zip", name="IHE_XDM.ZIP")
    archive.add_header("Content-Disposition", "attachment", filename="IHE_XDM.ZIP")
    made.attach(archive)
    path = tmp_path / "letter.eml"
    path.write_bytes(made.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    return path


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (Debian package {name})")
    return found


def _run(*words: str, stdin: bytes = b"", code: int = 0) -> bytes:
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(words, input=stdin, capture_output=True, timeout=MINUTE, env=clean, check=False)
    assert done.returncode == code, (done.stdout + done.stderr).decode("utf-8", "replace")[-3000:]
    return done.stdout


def _roots(house: House) -> str:
    return str(trust_files(house.sandbox)["roots"])


def _at(house: House, listener: str) -> tuple[str, int]:
    at = urlsplit(house.sandbox.url(listener))
    return at.hostname or "", at.port or 0


def _arrived(house: House, address: str, letter: Path) -> None:
    assert house.inbox(address)[-1].endswith(letter.read_bytes())


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
@pytest.mark.parametrize("listener", ["submission", "submissions"])
def test_curl_sends_with_a_token_and_reads(house: House, letter: Path, listener: str, mechanism: str) -> None:
    curl = _tool("curl")
    sender, to = house.box("PER", SPECIALIST), house.box("PER", GENERALIST)
    host, port = _at(house, listener)
    scheme = "smtps" if listener == "submissions" else "smtp"
    common = [curl, "-sS", "--cacert", _roots(house), "--ssl-reqd", "--login-options", f"AUTH={mechanism}"]
    who = ["--user", sender, "--oauth2-bearer", house.token()]
    mail = ["--mail-from", sender, "--mail-rcpt", to, "--upload-file", str(letter)]
    _run(*common, *who, *mail, f"{scheme}://{host}:{port}/produit.test")
    _arrived(house, to, letter)
    number = len(house.inbox(to))
    host, port = _at(house, "imaps")
    reader = ["--user", to, "--oauth2-bearer", house.token(GENERALIST)]
    fetched = _run(*common, *reader, f"imaps://{host}:{port}/INBOX;MAILINDEX={number}")
    assert fetched == house.inbox(to)[-1]


def test_curl_by_certificate(house: House, letter: Path) -> None:
    curl = _tool("curl")
    structure = house.structure("hospital")
    files = certificate_files(house.sandbox, "main", structure)["auth_cli"]
    sender, to = house.box("APP", structure), house.box("PER", GENERALIST)
    host, port = _at(house, "submissions")
    shown = ["--cert", files["certificate"], "--key", files["key"], "--cacert", _roots(house)]
    mail = ["--mail-from", sender, "--mail-rcpt", to, "--upload-file", str(letter)]
    login = f"smtps://{quote(sender)};AUTH=EXTERNAL@{host}:{port}/produit.test"
    _run(curl, "-sS", *shown, *mail, login)
    _arrived(house, to, letter)


def test_swaks_by_certificate(house: House, letter: Path) -> None:
    swaks = _tool("swaks")
    structure = house.structure("hospital")
    files = certificate_files(house.sandbox, "main", structure)["auth_cli"]
    sender, to = house.box("APP", structure), house.box("PER", GENERALIST)
    host, port = _at(house, "submission")
    tls = ["--tls", "--tls-ca-path", _roots(house), "--tls-cert", files["certificate"], "--tls-key", files["key"]]
    external = ["--auth", "EXTERNAL", "--auth-user", sender]
    common = [swaks, "--server", host, "--port", str(port), "--ehlo", "produit.test", *tls]
    # swaks 20201014 has no EXTERNAL: what it can show is a refusal, in its own words.
    refused = subprocess.run([*common, *external, "--from", sender, "--to", to], capture_output=True, check=False)
    assert refused.returncode != 0
    said = _run(*common, "--from", sender, "--to", to, "--data", f"@{letter}", code=23).decode()
    assert "530 5.7.0 authentication required [MSS-SMTP-AUTH]" in said


def test_swaks_with_a_password(house: House, letter: Path) -> None:
    from simulators.mssante.access import passwords

    swaks = _tool("swaks")
    sender, to = house.box("ORG", house.structure("hospital")), house.box("PER", GENERALIST)
    with house.sandbox.store.write("main") as tx:
        passwords.set_password(tx, sender, "secret")
    host, port = _at(house, "submission")
    words = [swaks, "--server", host, "--port", str(port), "--ehlo", "produit.test", "--tls", "--from", sender]
    for mechanism in ("PLAIN", "LOGIN"):
        said = _run(*words, "--to", to, "--auth", mechanism, "--auth-user", sender, "--auth-password", "secret")
        assert b"250 2.0.0 Ok: queued as " in said


def test_msmtp_with_a_token(house: House, letter: Path) -> None:
    msmtp = _tool("msmtp")
    sender, to = house.box("PER", SPECIALIST), house.box("PER", GENERALIST)
    host, port = _at(house, "submission")
    words = [msmtp, f"--host={host}", f"--port={port}", "--tls=on", "--tls-starttls=on", f"--from={sender}"]
    words += [f"--tls-trust-file={_roots(house)}", f"--user={sender}", "--domain=produit.test"]
    for mechanism in ("oauthbearer", "xoauth2"):
        shown = [f"--auth={mechanism}", f"--passwordeval=echo {house.token()}"]
        _run(*words, *shown, "--dsn-notify=success", to, stdin=letter.read_bytes().replace(b"\r\n", b"\n"))
        _arrived(house, to, letter)
        assert b"Action: delivered" in house.inbox(sender)[-1]
