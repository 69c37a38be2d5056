"""The index page of the kit, in French or in English."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from cryptography import x509

from simulators.assembly.endpoints import PASSWORD
from simulators.assembly.trust_kit.kit import fingerprints, purpose
from simulators.core.pki import Words

_TITLE = Words("Faire confiance au bac à sable", "Trusting the sandbox")
_NOTICE = Words("SIMULATION non officielle, répétition seulement", "Unofficial SIMULATION, rehearsal only")
_LEAD = Words(
    "Racines de test, limitées aux noms de test et aux adresses privées. Chaque script d'installation a son script de "
    "retrait ; les deux peuvent être relancés.",
    "Test roots, limited to test names and private addresses. Each install script has its uninstall script; both may "
    "be run again.",
)
_PASSWORD = Words("Mot de passe de tous les fichiers .p12", "Password of every .p12 file")
_ROOTS = Words("Empreintes des racines (SHA-256, SHA-1)", "Fingerprints of the roots (SHA-256, SHA-1)")
_REVOCATION = Words("Révocation", "Revocation")
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem}"
    "p.notice{background:#3b2f63;color:#fff;padding:.4rem 1rem}td{padding:.2rem .8rem .2rem 0;vertical-align:top}"
    "code{font:13px ui-monospace,monospace;overflow-wrap:anywhere}"
)


def index_page(
    language: str, names: Iterable[str], roots: Sequence[x509.Certificate], crls: Iterable[str], base: str
) -> bytes:
    """``language`` ``fr`` or ``en``; ``crls`` the names of the authorities, ``base`` where their lists answer.

    Links are relative: the page works under any name the port is reached by.
    """
    other = "en" if language == "fr" else "fr"
    rows = "".join(
        f'<tr><td><a href="{escape(name)}">{escape(name)}</a><td>{escape(purpose(name).say(language))}</tr>'
        for name in names
    )
    prints = "".join(f"<li><code>{sha256}</code><br><code>{sha1}</code>" for sha256, sha1 in fingerprints(roots))
    lists = "".join(f'<li><a href="../crl/{escape(name)}.crl">{escape(f"{base}/crl/{name}.crl")}</a>' for name in crls)
    page = (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_say(_TITLE, language)}</title><style>{_STYLE}</style>"
        f'<p class="notice">{_say(_NOTICE, language)}<h1>{_say(_TITLE, language)}</h1>'
        f'<p><a href="?lang={other}">{"English" if other == "en" else "Français"}</a>'
        f"<p>{_say(_LEAD, language)}<p>{_say(_PASSWORD, language)}: <code>{PASSWORD}</code><table>{rows}</table>"
        f"<h2>{_say(_ROOTS, language)}</h2><ul>{prints}</ul>"
        f"<h2>{_say(_REVOCATION, language)}</h2><ul>{lists}<li>OCSP: <code>{escape(base)}/ocsp</code></ul></html>\n"
    )
    return page.encode()


def _say(words: Words, language: str) -> str:
    return escape(words.say(language))
