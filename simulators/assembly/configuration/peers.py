"""The settings of a product that speaks HL7 v2 with our peers, on either side of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from simulators.assembly.configuration.model import Line, Section
from simulators.core.rules import Text
from simulators.core.world import MAIN

_CLEAR, _TLS = Text("port MLLP en clair", "MLLP port in clear"), Text("port MLLP, TLS", "MLLP port, TLS")
_WORLD: Final = Text("le nom du monde ; main n'en a pas besoin", "the name of the world; main needs none")
_CLIENT: Final = Text(
    "votre récepteur ; donnez-le au monde par ce paramètre (PATCH policy, settings)",
    "your listener; give it to the world by this setting (PATCH policy, settings)",
)
_APPLICATIONS: Final = {"PFI": "PFI-SEGUR-SANDBOX", "DPI": "DPI-SEGUR-SANDBOX"}


def pfi(sandbox: Any, described: Mapping[str, Any], urls: Mapping[str, str]) -> Section:
    """For a product that sends documents (DPI, RIS, SGL) and takes receipts and received documents."""
    told: Mapping[str, Any] = next(iter(described.get("pfi", ())), {})
    lines = (
        *_ports("PFI", urls, ("pfi.MDM", "pfi.ORU")),
        *_header("PFI", described, "2.1^CISIS_CDA_HL7_V2"),
        Line("PFI_BAL", Text("BAL applicative de la PFI", "Applicative mailbox of the PFI"), told.get("mailbox", "")),
        Line(
            "PFI_BAL_ERREURS",
            Text("BAL des erreurs d'intégration", "Mailbox of integration errors"),
            told.get("error_mailbox", ""),
            free=True,
        ),
        _listener("pfi.dpi", described, "ZAM, MDM (LPS)", ("pfi.out.ZAM", "pfi.out.MDM")),
    )
    return Section("pfi", Text("PFI (plateforme d'interopérabilité)", "PFI (integration platform)"), lines)


def dpi(sandbox: Any, described: Mapping[str, Any], urls: Mapping[str, str]) -> Section:
    """For a product that is the PFI, or the identity source."""
    lines = (
        *_ports("DPI", urls, ("dpi.MDM", "dpi.ZAM", "dpi.ADT")),
        *_header("DPI", described, "1.1^CISIS_CDA_HL7_LPS"),
        _listener("dpi.pfi", described, "MDM, ORU", ("dpi.out.",)),
    )
    return Section("dpi", Text("DPI (dossier de l'hôpital)", "DPI (hospital record)"), lines)


def _ports(prefix: str, urls: Mapping[str, str], proved: tuple[str, ...]) -> list[Line]:
    known = {f"{prefix.lower()}_mllp": _CLEAR, f"{prefix.lower()}_mllps": _TLS}
    return [
        Line(f"{name.upper()}_URL", Text(f"{prefix} : {label.fr}", f"{prefix}: {label.en}"), urls[name], proved)
        for name, label in known.items()
    ]


def _header(prefix: str, described: Mapping[str, Any], profile: str) -> list[Line]:
    name = described["name"]
    receiver = Text(f"{prefix} : application destinataire (MSH-5)", f"{prefix}: receiving application (MSH-5)")
    world = Text(f"{prefix} : organisation destinataire (MSH-6)", f"{prefix}: receiving facility (MSH-6)")
    return [
        Line(f"{prefix}_MSH5", receiver, _APPLICATIONS[prefix], free=True),
        Line(f"{prefix}_MSH6", world, name, free=name == MAIN, hint=_WORLD),
        Line(f"{prefix}_MSH21", Text(f"{prefix} : profil (MSH-21)", f"{prefix}: profile (MSH-21)"), profile),
    ]


def _listener(setting: str, described: Mapping[str, Any], what: str, proved: tuple[str, ...]) -> Line:
    value = described["policy"]["settings"].get(setting, "")
    label = Text(f"Votre récepteur MLLP ({what}) : {setting}", f"Your MLLP listener ({what}): {setting}")
    key = setting.upper().replace(".", "_")
    return Line(f"PRODUIT_{key}", label, value or "mllp://localhost:6661", proved, free=not value, hint=_CLIENT)
