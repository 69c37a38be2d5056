"""One world's mail as a product's test bench sees it: ports, mailboxes, tokens, certificates, a mail with an archive.

Nothing of the sandbox's code is used: endpoints.json, its control API, and its pages for who signs in.
"""

from __future__ import annotations

import email
import hashlib
import os
import smtplib
import ssl
import subprocess
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.interop.psc import room as rooms
from tests.interop.psc.browser import PRODUCT, Browser
from tests.interop.psc.room import Bench, Room
from tests.interop.python.samples import missing

SPECIALIST, GENERALIST, STRANGER = "899700000039", "899700000013", "899700000054"
BACK = f"https://{PRODUCT}/mail"
HELO = PRODUCT
SCOPE = "openid scope_all"
SAMPLE = "BIO-CR-BIO_2024.01_CR-2nde-intention-PDF"
SUBJECT = "XDM/1.0/DDM+COMPTE RENDU DE BIOLOGIE PAT-TROIS DOMINIQUE 28/03/1979"
TIMEOUT_S = 60


@dataclass(frozen=True)
class Office:
    """``room`` as in the tests of Pro Santé Connect."""

    room: Room

    @property
    def api(self) -> str:
        return f"/worlds/{self.room.world}"

    @property
    def roots(self) -> str:
        return str(self.room.facts["roots"])

    @property
    def structure(self) -> str:
        return str(self.room.facts["structure"]["id"])

    def at(self, listener: str) -> tuple[str, int]:
        """Host and port of a listener."""
        parts = urlsplit(self.room.facts["services"]["mssante"][listener])
        return parts.hostname or "", parts.port or 0

    def boxes(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.room.bench.call("GET", f"{self.api}/mailboxes?kind={kind}")["mailboxes"]
        return found

    def box(self, kind: str, owner: str = "") -> str:
        """The mailbox of an owner; without one, of the structure whose certificate stands in the room."""
        wanted = owner or self.structure
        return str(next(box["address"] for box in self.boxes(kind) if box["owners"][0] == wanted))

    def change(self, address: str, **values: Any) -> None:
        """State, quota, owners, password of a mailbox, as the control API takes them."""
        self.room.bench.call("PATCH", f"{self.api}/mailboxes/{address}", values)

    def stored(self, address: str) -> list[bytes]:
        """Every message of INBOX as the operator keeps it, oldest first."""
        path = f"{self.api}/mailboxes/{address}/messages"
        control = self.room.bench.control
        with requests.Session() as web:
            web.trust_env = False
            web.headers["Authorization"] = f"Bearer {control['token']}"
            uids = [one["uid"] for one in web.get(control["url"] + path, timeout=TIMEOUT_S).json()["messages"]]
            return [web.get(f"{control['url']}{path}/{uid}", timeout=TIMEOUT_S).content for uid in uids]

    def token(self, person: str = SPECIALIST) -> str:
        """An access token of Pro Santé Connect by the code flow, as the product would get it."""
        browser = Browser(self.roots)
        asked = {
            "response_type": "code",
            "client_id": self.room.client["client_id"],
            "redirect_uri": BACK,
            "scope": SCOPE,
            "acr_values": "eidas1",
            "prompt": "login",
            "state": "state-of-the-product",
            "nonce": "nonce-of-the-product",
        }
        url = requests.Request("GET", self.room.psc["authorization"], params=asked).prepare().url or ""
        code = browser.submit(browser.open(url), choice=person, means="CARD").query["code"]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
        return str(self._provider("token", form)["access_token"])

    def token_by_phone(self, person: str = SPECIALIST) -> str:
        """The same by CIBA: the device of the person answers by itself."""
        self.room.settings(psc_ciba_auto="approve", psc_ciba_auto_after_polls="0")
        hint = {"scope": SCOPE, "login_hint": person, "binding_message": "42", "acr_values": "eidas1"}
        given = self._provider("ciba", {**hint, "channel": "MOBILE"})
        form = {"grant_type": "urn:openid:params:grant-type:ciba", "auth_req_id": given["auth_req_id"]}
        return str(self._provider("token", form)["access_token"])

    def _provider(self, name: str, form: dict[str, str]) -> Any:
        client = self.room.client
        with requests.Session() as web:
            web.trust_env, web.verify = False, self.roots
            login = (client["client_id"], client["secret"])
            answer = web.post(self.room.psc[name], data=form, auth=login, timeout=TIMEOUT_S)
        assert answer.ok, answer.text
        return answer.json()

    def refuse(self, rule: str, on: str, **trigger: Any) -> None:
        """Forces the verdict of a rule at an operation, until :meth:`clear`."""
        self.room.bench.call("POST", f"{self.api}/refusals", {"rule": rule, "match": {"on": on, **trigger}})

    def clear(self) -> None:
        self.room.bench.call("DELETE", f"{self.api}/refusals")

    def refused(self, operation: str) -> str:
        """The rule that was answered to the last exchange of an operation; empty when it was accepted."""
        rows = self.room.bench.call("GET", f"{self.api}/exchanges?last=1000")["exchanges"]
        told = [row["verdict"]["findings"] for row in rows if row["operation"] == f"mssante.{operation}"]
        return next((finding["rule"] for finding in told[-1] if finding["level"] == "refuse"), "")

    def context(self) -> ssl.SSLContext:
        """TLS with the certificate of the structure."""
        context = ssl.create_default_context(cafile=self.roots)
        context.load_cert_chain(*self.room.certificate)
        return context

    def post(self, to: str, message: bytes) -> str:
        """A mail from the application of the structure, by smtplib; the address it came from."""
        sender = self.box("APP")
        with smtplib.SMTP_SSL(*self.at("submissions"), context=self.context(), timeout=TIMEOUT_S) as client:
            client.ehlo(HELO)
            code, text = client.docmd("AUTH", f"EXTERNAL {b64encode(sender.encode()).decode()}")
            assert code == 235, text
            client.sendmail(sender, [to], message)
        return sender


def office(bench: Bench, world: str = "main", *, later: bool = False) -> Office:
    """A world of ``bench``; ``later``: its business time is six months ahead."""
    return Office((rooms.later if later else rooms.room)(bench, world))


def archive(name: str = SAMPLE) -> bytes:
    """A published archive, octet by octet."""
    path = Path(__file__).resolve().parents[3].parent / "shared" / "samples" / "xdm" / f"{name}.zip"
    if not path.is_file():
        missing(f"the published archive {name} in the folder 'shared' beside the checkout")
    return path.read_bytes()


def letter(sender: str, to: str, name: str = SAMPLE, number: str = "un") -> bytes:
    """A mail that carries a published archive, lines ended by CR LF, at most 78 octets each."""
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, to, SUBJECT
    mail["Message-ID"], mail["Date"] = f"<{number}@{PRODUCT}>", "Fri, 20 Nov 2026 09:00:00 +0100"
    mail["X-MSS-NIL"], mail["X-MSS-CODECDA"], mail["X-MSS-INS"] = "DEV000000", "11502-2", "O"
    mail.set_content("Bonjour, voici le compte rendu demandé.\r\n.point en tête de ligne\r\n", cte="quoted-printable")
    mail.add_attachment(archive(name), maintype="application", subtype="zip", filename="IHE_XDM.ZIP")
    mail.set_boundary("=_product_0001")
    return mail.as_bytes()


def archives(message: bytes) -> list[bytes]:
    """The content of every ZIP of a mail."""
    read = email.message_from_bytes(message, policy=policy.default)
    parts = [part for part in read.walk() if (part.get_filename() or "").upper().endswith(".ZIP")]
    return [bytes(part.get_payload(decode=True)) for part in parts]  # type: ignore[arg-type]


def same_archive(message: bytes, name: str = SAMPLE) -> bool:
    """Whether a mail carries the published archive, bytes identical."""
    wanted = hashlib.sha256(archive(name)).hexdigest()
    return [hashlib.sha256(found).hexdigest() for found in archives(message)] == [wanted]


def run(command: Sequence[str], *, stdin: bytes = b"", code: int = 0, limit: float = TIMEOUT_S, **more: Any) -> bytes:
    """What a program prints; without proxies of the environment. Fails with its own words unless it ends as told."""
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    given = {**clean, **more.pop("environment", {})}
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=limit, env=given, check=False, **more)
    said = done.stdout + done.stderr
    assert done.returncode == code, f"ended with {done.returncode}: {said.decode('utf-8', 'replace')[-3000:]}"
    return done.stdout if code == 0 else said


def facts(here: Office, folder: Path) -> dict[str, Any]:
    """What a product is told: where the operator is, two people with their tokens, an application with its certificate,
    a published archive as a file."""
    file = folder / "IHE_XDM.ZIP"
    file.write_bytes(archive())
    certificate, key = here.room.certificate
    control = here.room.bench.control
    return {
        "host": here.at("imap")[0],
        **{name: here.at(name)[1] for name in ("submission", "submissions", "imap", "imaps")},
        "roots": here.roots,
        "certificate": certificate,
        "key": key,
        "sender": here.box("PER", SPECIALIST),
        "sender_token": here.token(SPECIALIST),
        "reader": here.box("PER", GENERALIST),
        "reader_token": here.token_by_phone(GENERALIST),
        "application": here.box("APP"),
        "organisation": here.box("ORG"),
        "archive": str(file),
        "control": control["url"] + here.api,
        "control_token": control["token"],
    }
