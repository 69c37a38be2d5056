"""Debian's Postfix and Dovecot as the mail operator of a PFI, in the place of ours.

Postfix takes mail from who shows a certificate of the sandbox's authorities, without AUTH, and delivers to Maildirs;
Dovecot opens them by SASL EXTERNAL to the one certificate it lists. One address is refused by a second hop, so that
the refusal comes back as a report.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.x509 import load_pem_x509_certificate
from cryptography.x509.oid import NameOID

from tests.interop.hl7.ward import free_port
from tests.interop.mail import postfix
from tests.interop.mail.postfix import DOCTOR, DOMAIN, OWNER, Postfix
from tests.support.dovecot import running_dovecot

PFI, ERRORS, FULL = (f"{name}@{DOMAIN}" for name in ("pfi", "erreurs", "pleine"))
FULL_SAYS = "552 5.2.2 mailbox full"
PATIENCE_S = 20.0
_PAUSE_S = 0.2

_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
  -o myhostname=mx.plein.test
  -o smtpd_tls_security_level=none
  -o smtpd_tls_ask_ccert=no
  -o smtpd_tls_req_ccert=no
  -o {{ smtpd_recipient_restrictions = check_recipient_access inline:{{ {{ {full} = {says} }} }} }}
"""
_DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
info_log_path = {folder}/log
listen = 127.0.0.1
protocols = imap
ssl = required
ssl_cert = <{certificate}
ssl_key = <{key}
ssl_ca = <{roots}
ssl_verify_client_cert = yes
ssl_require_crl = no
auth_ssl_require_client_cert = yes
auth_ssl_username_from_cert = yes
ssl_cert_username_field = commonName
auth_mechanisms = external
auth_username_chars =
auth_username_format = %u
auth_verbose = yes
mail_location = maildir:{mails}/%u
mail_max_userip_connections = 50
first_valid_uid = 1
first_valid_gid = 0
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
passdb {{
  driver = passwd-file
  master = yes
  args = {folder}/masters
}}
passdb {{
  driver = passwd-file
  args = {folder}/nobody
}}
userdb {{
  driver = static
  args = uid={owner} gid={owner} home={folder}/home allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service stats {{
  chroot =
}}
"""


@dataclass(frozen=True)
class Operator:
    """Both, running. ``imap`` is the port of Dovecot."""

    postfix: Postfix
    imap: int
    folder: Path

    @property
    def settings(self) -> dict[str, str]:
        """What a world says to use it."""
        return {
            "pfi_submission": f"localhost:{self.postfix.port}",
            "pfi_imap": f"localhost:{self.imap}",
            "pfi_mailbox": PFI,
            "pfi_error_mailbox": ERRORS,
            "pfi_poll_seconds": "0",  # worlds share one mailbox here: each looks when it is told to
        }

    def until(self, holds: Callable[[], bool], poll: Callable[[], object], what: str) -> None:
        """Looks into the mailbox until ``holds()``. Raises AssertionError with the logs."""
        end = time.monotonic() + PATIENCE_S
        while not holds():
            logs = self.postfix.log[-3000:] + (self.folder / "log").read_text("utf-8", "replace")[-2000:]
            assert time.monotonic() < end, f"{what} awaited:\n{logs}"
            poll()
            time.sleep(_PAUSE_S)


@contextmanager
def operating(server: Mapping[str, str], client: Mapping[str, str], roots: str) -> Iterator[Operator]:
    """``server``: files of a certificate for localhost; ``client``: those of the one certificate that may open
    mailboxes; ``roots``: who signs the others."""
    full = free_port()
    routes = {FULL: f"clear:[127.0.0.1]:{full}"}
    with (
        # Not in pytest's folder: another run of pytest takes it away from the users that Dovecot runs as.
        tempfile.TemporaryDirectory(prefix="segur-dovecot-") as name,
        postfix.installed(server, client, roots, routes) as made,
    ):
        folder = Path(name)
        boxes = " ".join(f"{{ {address} = {address}/ }}" for address in (PFI, ERRORS, FULL, DOCTOR))
        settings = {
            "virtual_mailbox_maps": f"inline:{{ {boxes} }}",
            "smtpd_relay_restrictions": "permit_tls_all_clientcerts, reject_unauth_destination",
        }
        conf = made.folder / "conf"
        _rewrite(conf / "main.cf", "".join(f"{name} = {value}\n" for name, value in settings.items()), tuple(settings))
        _rewrite(conf / "master.cf", _MASTER.format(port=full, full=FULL, says=FULL_SAYS))
        (folder / "masters").write_text(f"{_common_name(client)}:::::::nopassword=y\n", "utf-8")
        (folder / "nobody").touch()
        more = {
            "certificate": str(made.folder / "tls" / "server-certificate.pem"),
            "key": str(made.folder / "tls" / "server-key.pem"),
            "roots": str(made.folder / "tls" / "roots.pem"),
            "mails": str(made.folder / "mail"),
            "owner": str(OWNER),
        }
        with made.running(), running_dovecot(folder, _DOVECOT, **more) as imap:
            yield Operator(made, imap, folder)


def _rewrite(path: Path, text: str, without: tuple[str, ...] = ()) -> None:
    """Adds ``text``, in the place of the lines that begin with ``without``."""
    lines = path.read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in lines if line.split(" ")[0] not in without]
    path.write_text("".join(kept) + text, "utf-8")


def _common_name(pair: Mapping[str, str]) -> str:
    shown = load_pem_x509_certificate(Path(pair["certificate"]).read_bytes())
    return str(shown.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
