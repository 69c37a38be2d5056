"""The settings of a world, section by section."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from simulators.assembly.configuration import peers
from simulators.assembly.configuration.model import Line, Section
from simulators.assembly.endpoints import PASSWORD, certificate_files, describe_world, service_urls
from simulators.core.rules import Text
from simulators.core.world import MAIN

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

_TITLES: Final = {
    "patients": Text("URL service DMP patients (TD0.2)", "DMP patients service URL (TD0.2)"),
    "habilitations": Text("URL service DMP habilitations (TD0.3)", "DMP authorisations service URL (TD0.3)"),
    "repository": Text("URL service DMP repository (TD2.1, TD3.2)", "DMP repository service URL (TD2.1, TD3.2)"),
    "registry": Text("URL service DMP registry (TD3.1, TD3.3)", "DMP registry service URL (TD3.1, TD3.3)"),
}
_PSC: Final = {
    "issuer": Text("Émetteur (issuer) PSC", "PSC issuer"),
    "discovery": Text("URL de découverte PSC (nom du wallet)", "PSC discovery URL (wallet name)"),
    "standard_discovery": Text("URL de découverte PSC (nom standard)", "PSC discovery URL (standard name)"),
    "authorization": Text("URL d'autorisation PSC", "PSC authorization URL"),
    "token": Text("URL des jetons PSC", "PSC token URL"),
    "userinfo": Text("URL UserInfo PSC", "PSC UserInfo URL"),
    "ciba": Text("URL CIBA PSC", "PSC CIBA URL"),
    "phone": Text("Page e-CPS (simulation)", "e-CPS page (simulation)"),
}
_PROVES: Final = {
    "authorization": ("pro_sante_connect.authorization", "pro_sante_connect.login"),
    "issuer": ("pro_sante_connect.token",),
    "phone": ("pro_sante_connect.phone",),
    "standard_discovery": ("pro_sante_connect.discovery",),
}
_DMP_PROVES: Final = {
    "patients": ("dmp.TD0.2",),
    "habilitations": ("dmp.TD0.3",),
    "repository": ("dmp.TD2.1", "dmp.TD3.2"),
    "registry": ("dmp.TD3.1", "dmp.TD3.3"),
}


def sections(sandbox: Sandbox, world: str) -> tuple[Section, ...]:
    """Everything the vendor types in, for the simulators that run. Raises ``WorldGone``.

    The hospital's certificates are made if need be.
    """
    described = describe_world(sandbox, world, certificates=False)
    running = {service.name for service in sandbox.services}
    made = [_identity(described), _trust(sandbox, world, described)]
    for name, section in _SECTIONS.items():
        if name in running:
            made.append(section(sandbox, described, _urls(sandbox, name, world)))
    return tuple(made)


_OTHER_STRUCTURE: Final = Text(
    "une autre : ses certificats par « segur-sandbox cert issue --structure ID »",
    'another one: its certificates by "segur-sandbox cert issue --structure ID"',
)


def hospital_of(sandbox: Sandbox, world: str) -> str:
    """The structure whose certificates the page hands out. Raises ``WorldGone``."""
    described = describe_world(sandbox, world, certificates=False)
    found: str = _member(described, "structures", "hospital")["id"]
    return found


def _urls(sandbox: Sandbox, name: str, world: str) -> dict[str, str]:
    return service_urls(sandbox, name, "" if world == MAIN else f"/w/{world}")


def _member(described: Mapping[str, Any], family: str, slug: str) -> Mapping[str, Any]:
    members: list[Mapping[str, Any]] = described[family]
    return next((m for m in members if m["slug"] == slug), members[0])


def _identity(described: Mapping[str, Any]) -> Section:
    hospital = _member(described, "structures", "hospital")
    doctor = _member(described, "professionals", "hospital-specialist")
    patient = _member(described, "patients", "adult")
    entity = hospital.get("legal_entity") or ""
    lines = (
        Line(
            "STRUCT_IDNAT",
            Text("Identifiant national de structure", "National structure id"),
            hospital["id"],
            hint=_OTHER_STRUCTURE,
        ),
        Line(
            "FINESS_EG", Text("FINESS géographique (EG)", "Geographic FINESS"), hospital.get("finess") or "", free=True
        ),
        Line("FINESS_EJ", Text("FINESS juridique (EJ)", "Legal FINESS"), entity[1:], free=True),
        Line("SECTEUR_ACTIVITE", Text("Secteur d'activité", "Sector of activity"), _sector(hospital), free=True),
        Line("RPPS", Text("RPPS du professionnel", "Professional's RPPS"), doctor["id"][1:], free=True),
        Line(
            "PS_IDNAT",
            Text("Identifiant national du professionnel", "National id of the professional"),
            doctor["id"],
            free=True,
        ),
        Line(
            "INS",
            Text("Matricule INS d'un patient de test", "INS of a test patient"),
            patient["ins"]["matricule"],
            free=True,
        ),
        Line("INS_OID", Text("OID de l'autorité INS", "OID of the INS authority"), patient["ins"]["oid"], free=True),
        Line("LPS_NOM", Text("Nom du LPS", "Name of the software"), "LPS-EN-ESSAI", free=True),
        Line("LPS_VERSION", Text("Version du LPS", "Version of the software"), "1.0", free=True),
        Line(
            "LPS_NIL", Text("Numéro d'homologation DMP (NIL)", "DMP homologation number (NIL)"), "SIM-0000", free=True
        ),
        Line("LPS_OID", Text("OID racine du LPS", "Root OID of the software"), "1.2.250.1.999.1.1", free=True),
    )
    return Section("identity", Text("Qui parle", "Who speaks"), lines)


def _sector(structure: Mapping[str, Any]) -> str:
    return f"{structure['sector']}^1.2.250.1.71.4.2.4"


def _trust(sandbox: Sandbox, world: str, described: Mapping[str, Any]) -> Section:
    files = certificate_files(sandbox, world, _member(described, "structures", "hospital")["id"])
    base = sandbox.url("trust")
    known = {"AUTH_CLI": ("Certificat d'authentification", "Authentication certificate", files["auth_cli"])}
    known["SIGN"] = ("Certificat cachet (signature)", "Seal (signature) certificate", files["sign"])
    lines = [
        Line("ROOTS_PEM_URL", Text("Racines de confiance (PEM)", "Trusted roots (PEM)"), f"{base}/roots.pem"),
        Line("TRUST_KIT_URL", Text("Kit de confiance (toutes les formes)", "Trust kit (every form)"), f"{base}/kit/"),
        Line(
            "ROOTS_PEM",
            Text("Racines, fichier local", "Roots, local file"),
            str(sandbox.folder / "trust" / "roots.pem"),
        ),
    ]
    for key, (french, english, pair) in known.items():
        proved = ("dmp.",) if key == "AUTH_CLI" else ("dmp.TD",)
        lines += [
            Line(f"{key}_CERTIFICATE", Text(french, english), str(pair["certificate"]), proved),
            Line(f"{key}_KEY", Text(f"{french} : clé", f"{english}: key"), str(pair["key"])),
            Line(f"{key}_CHAIN", Text(f"{french} : chaîne", f"{english}: chain"), str(pair["chain"])),
        ]
    lines.append(
        Line("P12_PASSWORD", Text("Mot de passe des PKCS#12", "Password of the PKCS#12"), PASSWORD, secret=True)
    )
    return Section("trust", Text("Certificats et confiance", "Certificates and trust"), tuple(lines))


def _dmp(sandbox: Sandbox, described: Mapping[str, Any], urls: Mapping[str, str]) -> Section:
    lines = [
        Line(
            f"DMP_URL_{name.upper()}",
            _TITLES.get(name, Text(f"URL DMP {name}", f"DMP URL {name}")),
            url,
            _DMP_PROVES.get(name, ()),
        )
        for name, url in urls.items()
    ]
    lines.append(
        Line(
            "DMP_REPOSITORY_UNIQUE_ID",
            Text("OID de l'entrepôt (repositoryUniqueId)", "Repository OID (repositoryUniqueId)"),
            described["policy"]["settings"].get("dmp.repository-unique-id", "1.2.250.1.213.4.1.1.1.2"),
        )
    )
    return Section("dmp", Text("DMP", "DMP"), tuple(lines))


def _psc(sandbox: Sandbox, described: Mapping[str, Any], urls: Mapping[str, str]) -> Section:
    client = _client(described, "pro_sante_connect")
    lines = [
        Line(
            f"PSC_{name.upper()}_URL" if name != "issuer" else "PSC_ISSUER",
            _PSC[name],
            url,
            _PROVES.get(name, (f"pro_sante_connect.{name}",)),
        )
        for name, url in urls.items()
        if name in _PSC
    ]
    return Section(
        "pro_sante_connect", Text("Pro Santé Connect", "Pro Santé Connect"), (*lines, *_client_lines("PSC", client))
    )


def _client_lines(prefix: str, client: Mapping[str, Any]) -> tuple[Line, ...]:
    redirects = client.get("redirect_uris") or []
    psc = prefix == "PSC"
    lines = [
        Line(f"{prefix}_CLIENT_ID", Text("client_id", "client_id"), client.get("client_id", ""), free=True),
        Line(
            f"{prefix}_CLIENT_SECRET",
            Text("client_secret", "client_secret"),
            client.get("secret", ""),
            secret=True,
            free=True,
        ),
        Line(
            f"{prefix}_REDIRECT_URI",
            Text(
                "redirect_uri (la vôtre ; adoptée à la première demande)",
                "redirect_uri (yours; adopted at the first request)",
            ),
            redirects[0] if redirects else "https://localhost:8443/callback",
            free=True,
        ),
        Line(f"{prefix}_SCOPE", Text("scope", "scope"), "openid scope_all" if psc else "openid profile", free=not psc),
    ]
    if psc:
        lines.append(Line("PSC_ACR_VALUES", Text("acr_values", "acr_values"), "eidas1"))
    return tuple(lines)


def _client(described: Mapping[str, Any], provider: str) -> Mapping[str, Any]:
    found: list[Mapping[str, Any]] = [c for c in described["clients"] if c["provider"] == provider]
    return next((c for c in found if not c.get("adopted")), found[0] if found else {})


def _hospital_idp(sandbox: Sandbox, described: Mapping[str, Any], urls: Mapping[str, str]) -> Section:
    client = _client(described, "hospital_idp")
    lines = [
        Line(
            f"IDP_{name.upper()}" + ("" if name == "issuer" else "_URL"),
            Text(f"Fournisseur d'identité local : {name}", f"Local identity provider: {name}"),
            url,
            ("hospital_idp.",),
        )
        for name, url in urls.items()
    ]
    title = Text("Fournisseur d'identité de l'établissement", "Identity provider of the hospital")
    return Section("hospital_idp", title, (*lines, *_client_lines("IDP", client)))


_MAIL: Final = {
    "submission": Text("Envoi SMTP, STARTTLS (587)", "SMTP submission, STARTTLS (587)"),
    "submissions": Text("Envoi SMTP, TLS (465)", "SMTP submission, TLS (465)"),
    "imap": Text("Lecture IMAP, STARTTLS (143)", "IMAP, STARTTLS (143)"),
    "imaps": Text("Lecture IMAP, TLS (993)", "IMAP, TLS (993)"),
    "operator-smtp": Text("Entre opérateurs, SMTP (25)", "Between operators, SMTP (25)"),
    "internet-mail": Text("Collecteur de courriels ordinaires", "Catcher of ordinary mail"),
    "sms": Text("Collecteur de SMS (HTTP)", "SMS catcher (HTTP)"),
}
_MAIL_PROVES: Final = {
    "submission": ("mssante.AUTH", "mssante.MESSAGE"),
    "internet-mail": ("mssante.INTERNET",),
    "sms": ("mssante.SMS",),
}
_BOXES: Final = {
    "APP": Text("BAL applicative (certificat)", "Applicative mailbox (certificate)"),
    "ORG": Text("BAL organisationnelle (jeton PSC)", "Organisational mailbox (PSC token)"),
    "PER": Text("BAL personnelle (jeton PSC)", "Personal mailbox (PSC token)"),
    "CITIZEN": Text("BAL d'un usager", "Mailbox of a citizen"),
}


def _mssante(sandbox: Sandbox, described: Mapping[str, Any], urls: Mapping[str, str]) -> Section:
    """Ports, and one mailbox of each kind: those of the hospital, its physician and the test patient."""
    members = (("structures", "hospital"), ("professionals", "hospital-specialist"), ("patients", "adult"))
    holders = [_member(described, family, slug)["id"] for family, slug in members]
    lines = [
        Line(f"MSS_{key.upper().replace('-', '_')}", label, urls[key], _MAIL_PROVES.get(key, ()))
        for key, label in _MAIL.items()
    ]
    for kind, label in _BOXES.items():
        boxes = [box for box in described["mailboxes"] if box["kind"] == kind]
        chosen = next((box for box in boxes if box["owners"][:1] and box["owners"][0] in holders), None)
        if chosen is not None:
            lines.append(Line(f"MSS_BAL_{kind}", label, chosen["address"], free=True))
    return Section("mssante", Text("Messagerie MSSanté", "MSSanté mail"), tuple(lines))


_SECTIONS: Final[Mapping[str, Callable[[Any, Mapping[str, Any], Mapping[str, str]], Section]]] = {
    "dmp": _dmp,
    "pro_sante_connect": _psc,
    "hospital_idp": _hospital_idp,
    "mssante": _mssante,
    "pfi": peers.pfi,
    "dpi": peers.dpi,
}
