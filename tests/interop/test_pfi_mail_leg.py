"""The PFI's mail through Debian's Postfix and Dovecot instead of ours: letters, reports, notifications, archives.

Postfix writes the reports, the standard library the notification; the documents are the published ones.
"""

from __future__ import annotations

import email
import imaplib
import io
import os
import re
import ssl
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage, Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from simulators.assembly.endpoints import certificate_files, endpoints, trust_files
from simulators.assembly.settings import Settings
from simulators.sandbox import Sandbox
from tests.interop.endpoints import Endpoints
from tests.interop.hl7 import ward as wards
from tests.interop.hl7.debian_mail import ERRORS, FULL, FULL_SAYS, PFI, Operator, operating
from tests.interop.hl7.repairs import mended
from tests.interop.hl7.ward import INS, RADIOLOGY, Ward, published
from tests.interop.mail.office import archive, archives, letter
from tests.interop.mail.postfix import DOCTOR, NOBODY
from tests.interop.psc.room import Bench
from tests.support.scripted_pfi import ScriptedPfi, answer, field, send

pytestmark = pytest.mark.interop

UNKNOWN_PATIENT = "ERR||PID^1^3|207^erreur^HL70357|E|902^Identifiant patient inconnu^SIM|||inconnu ici"


@dataclass
class House:
    """A sandbox, and the operator it does not run itself."""

    sandbox: Sandbox
    bench: Bench
    operator: Operator

    def ward(self, world: str, dpi: ScriptedPfi, **settings: str) -> Ward:
        """A world whose PFI uses that operator and that record."""
        here = wards.ward(self.bench, world)
        here.settings(**self.operator.settings, pfi_dpi=dpi.url, **settings)
        return here

    def until(self, here: Ward, dpi: ScriptedPfi, kind: str) -> bytes:
        """The message of that kind, once the record has it."""

        def came() -> list[bytes]:
            return [one for one in dpi.messages if field(one, "MSH", 9).startswith(kind)]

        def poll() -> None:
            self.bench.call("POST", f"{here.api}/pfi/poll")
            here.settle()

        self.operator.until(lambda: bool(came()), poll, kind)
        return came()[0]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}
    with Sandbox(Settings(random_ports=True, environment=environment, publish=False)) as running:
        yield running


@pytest.fixture(scope="module")
def server(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Files of a server certificate for localhost."""
    issued = sandbox.pki.issue_server(["localhost"], ["127.0.0.1"], now=sandbox.now())
    folder = tmp_path_factory.mktemp("server")
    files = {"certificate": folder / "certificate.pem", "key": folder / "key.pem"}
    files["certificate"].write_bytes(issued.pem() + b"".join(c.public_bytes(Encoding.PEM) for c in issued.chain))
    files["key"].write_bytes(issued.key_pem())
    return {name: str(path) for name, path in files.items()}


@pytest.fixture(scope="module")
def clients(sandbox: Sandbox) -> dict[str, dict[str, str]]:
    """Files of the certificates of the hospital and of the laboratory."""
    found = sandbox.describe("main", certificates=False)["structures"]
    ids = {one["slug"]: one["id"] for one in found}
    return {name: certificate_files(sandbox, "main", ids[name])["auth_cli"] for name in ("hospital", "laboratory")}


@pytest.fixture(scope="module")
def house(sandbox: Sandbox, server: dict[str, str], clients: dict[str, dict[str, str]]) -> Iterator[House]:
    told = endpoints(sandbox)
    roots = trust_files(sandbox)["roots"]
    found = Endpoints(told["control"]["url"], told["control"]["token"], told["services"], Path(roots))
    with operating(server, clients["hospital"], str(roots)) as operator:
        yield House(sandbox, Bench(found), operator)


@pytest.fixture
def dpi() -> Iterator[ScriptedPfi]:
    with ScriptedPfi() as listening:
        yield listening


def say(here: Ward, message: str) -> str:
    """MSA-1 of a PFI's answer."""
    host, port = here.at()
    octets = message.strip().replace("\n", "\r").encode() + b"\r"
    return field(send(f"mllp://{host}:{port}", octets), "MSA", 1)


def told(zam: bytes) -> tuple[str, str, str, str]:
    """Of a receipt: the request it answers, Y or N, the mailbox, code of the error."""
    lines = [line.split("|") for line in zam.decode().split("\r")]
    first, second = (line for line in lines if line[0] == "OBX")
    error = next((line[5].split("^")[0] for line in lines if line[0] == "ERR"), "")
    return first[4], first[5].split("^")[0], second[5].split("^")[3], error


def documents(mail: bytes) -> list[bytes]:
    """Every file of the archives of a mail."""
    found = [zipfile.ZipFile(io.BytesIO(one)) for one in archives(mail)]
    return [opened.read(name) for opened in found for name in opened.namelist()]


def order(here: Ward, address: str) -> dict[str, str]:
    """An order of the PFI."""
    return next(found for found in here.orders() if found["address"] == address)


def newest(house: House, address: str, number: int) -> EmailMessage:
    """The last of ``number`` mails of a user of Postfix."""
    stored = house.operator.postfix.received(number, address)[-1]
    return email.message_from_bytes(stored, policy=policy.default)


def read_by(doctor: str, mail: EmailMessage) -> bytes:
    """The notification of another mail program, by the standard library alone (RFC 8098)."""
    notification = MIMEMultipart("report", report_type="disposition-notification")
    notification["From"], notification["To"] = doctor, str(mail["Disposition-Notification-To"])
    notification["Subject"], notification["Message-ID"] = "Lu : votre compte rendu", "<lu-1@logiciel.test>"
    notification.attach(MIMEText("Votre message a été affiché.", "plain", "utf-8"))
    machine = Message()
    machine["Content-Type"] = "message/disposition-notification"
    machine.set_payload(
        f"Reporting-UA: {doctor}; another program\n"
        f"Final-Recipient: rfc822;{doctor}\n"
        f"Original-Message-ID: {mail['Message-ID']}\n"
        "Disposition: manual-action/MDN-sent-manually; displayed\n"
    )
    notification.attach(machine)
    return notification.as_bytes(policy=policy.SMTP)


def test_the_letter_arrives_and_is_read(house: House, dpi: ScriptedPfi) -> None:
    """Z02 from the report of Postfix, Z03 from a notification that the standard library wrote."""
    here, postfix = house.ward("postfix-read", dpi), house.operator.postfix
    before = len(postfix.received(0))
    assert say(here, mended(published(RADIOLOGY), "PF1", DOCTOR, "postfix-read")) == "AA"
    here.settle()
    stored = postfix.received(before + 1)[-1]
    assert re.search(rb'\(Client CN ".*SIM.*", Issuer ".*" \(verified OK\)\)', stored), stored[:1500]
    assert b"Return-Path: <" + PFI.encode() in stored
    assert wards.document(published(RADIOLOGY)) in documents(stored)
    assert told(house.until(here, dpi, "ZAM^Z02")) == ("PF1", "Y", DOCTOR, "")
    postfix.send(PFI, read_by(DOCTOR, newest(house, DOCTOR, before + 1)))
    assert told(house.until(here, dpi, "ZAM^Z03")) == ("PF1", "Y", DOCTOR, "")
    assert (order(here, DOCTOR)["state"], order(here, DOCTOR)["read"]) == ("ok", "displayed")


def test_refused_at_once(house: House, dpi: ScriptedPfi) -> None:
    here = house.ward("postfix-nobody", dpi)
    assert say(here, mended(published(RADIOLOGY), "PF2", NOBODY, "postfix-nobody")) == "AA"
    assert told(house.until(here, dpi, "ZAM^Z02")) == ("PF2", "N", NOBODY, "550")
    (sent,) = here.rows("pfi.out.MESSAGE")
    assert (sent["outcome"], sent["status"], order(here, NOBODY)["state"]) == ("refused", "550", "ko")


def test_accepted_then_refused_further_on(house: House, dpi: ScriptedPfi) -> None:
    """Postfix takes the mail, the next hop does not: its failure report names the code."""
    here = house.ward("postfix-full", dpi)
    assert say(here, mended(published(RADIOLOGY), "PF3", FULL, "postfix-full")) == "AA"
    assert told(house.until(here, dpi, "ZAM^Z02")) == ("PF3", "N", FULL, FULL_SAYS[:3])
    (sent,) = here.rows("pfi.out.MESSAGE")
    assert (sent["outcome"], sent["status"]) == ("accepted", "250")
    assert order(here, FULL)["state"] == "ko"


@pytest.mark.parametrize(("asked", "world"), [(True, "postfix-902"), (False, "postfix-902-silent")])
def test_a_mail_that_the_record_refuses(house: House, dpi: ScriptedPfi, asked: bool, world: str) -> None:
    """An archive dropped by smtplib: flow 6, AE 902; the error leaves through Postfix."""
    dpi.then(answer("AE", UNKNOWN_PATIENT))
    here, postfix = house.ward(world, dpi), house.operator.postfix
    doctor, errors = len(postfix.received(0)), len(postfix.received(0, ERRORS))
    wish = f"Disposition-Notification-To: <{DOCTOR}>\r\n".encode() if asked else b""
    postfix.send(PFI, wish + letter(DOCTOR, PFI, number=world))
    message = house.until(here, dpi, "MDM^T02").decode()
    assert "PFI-SEGUR-SANDBOX" in message and INS in message
    failure = newest(house, ERRORS, errors + 1)
    assert "902" in str(failure["Subject"]) and archive() in archives(failure.as_bytes())
    if not asked:
        assert len(postfix.received(0)) == doctor
        return
    notification = newest(house, DOCTOR, doctor + 1)
    assert notification.get_content_type() == "multipart/report"
    assert notification.get_param("report-type") == "disposition-notification"
    (machine,) = (part for part in notification.walk() if part.get_content_type().endswith("disposition-notification"))
    fields = machine.as_string()
    assert f"<{world}@" in fields and "902" in fields
    assert notification["Return-Path"] == f"<{PFI}>"


def test_a_server_that_nobody_vouches_for_gets_no_mail(house: House, dpi: ScriptedPfi) -> None:
    here = house.ward("postfix-stranger", dpi)
    here.settings(pfi_submission=f"localhost:{house.operator.postfix.stranger}")
    before = len(house.operator.postfix.received(0))
    assert say(here, mended(published(RADIOLOGY), "PF4", DOCTOR, "postfix-stranger")) == "AA"
    here.settle()
    assert (order(here, DOCTOR)["state"], len(house.operator.postfix.received(0))) == ("pending", before)
    assert "CERTIFICATE_VERIFY_FAILED" in order(here, DOCTOR)["waits_for"]
    here.settings(**house.operator.settings)
    house.bench.call("POST", f"{here.api}/pfi/orders/retry", {})
    assert told(house.until(here, dpi, "ZAM^Z02"))[1] == "Y"


@pytest.mark.parametrize(("who", "opened"), [("hospital", True), ("laboratory", False)])
def test_dovecot_opens_to_one_certificate(
    house: House, clients: dict[str, dict[str, str]], tmp_path: Path, who: str, opened: bool
) -> None:
    """The certificate is the credential there too: the PFI is not let in whatever it shows."""
    shown = tmp_path / "shown.pem"
    shown.write_bytes(b"".join(Path(clients[who][part]).read_bytes() for part in ("certificate", "chain")))
    context = ssl.create_default_context(cafile=str(trust_files(house.sandbox)["roots"]))
    context.load_cert_chain(shown, clients[who]["key"])
    with imaplib.IMAP4_SSL("localhost", house.operator.imap, ssl_context=context, timeout=20) as client:
        if opened:
            assert client.authenticate("EXTERNAL", lambda _: PFI.encode())[0] == "OK"
            return
        with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
            client.authenticate("EXTERNAL", lambda _: PFI.encode())
