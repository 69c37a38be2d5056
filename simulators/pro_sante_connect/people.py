"""The person behind a session, as Pro Santé Connect tells of one (facts psc §1.8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from simulators.core.store.api import Tx
from simulators.population import registry
from simulators.population.model import Activity, Professional, Structure

ROLE: Final = "1.2.250.1.213.1.1.5.5"
OTHER_ROLE: Final = "1.2.250.1.213.1.1.4.6"
"""Of staff whose role is no profession (medical secretaries...)."""
SECTOR: Final = "1.2.250.1.71.4.2.4"
PALIER: Final = "APPPRIP3^1.2.250.1.213.1.5.1.1.1"
_ACTIVITY_KEYS: Final = (
    *("codeModeExercice", "codeSecteurDactivite", "codeSectionPharmacien", "codeRole", "codeGenreActivite"),
    *("numeroSiretSite", "numeroSirenSite", "numeroFinessSite", "numeroFinessetablissementJuridique"),
    *("identifiantTechniqueDeLaStructure", "raisonSocialeSite", "enseigneCommercialeSite", "complementDestinataire"),
    *("complementPointGeographique", "numeroVoie", "indiceRepetitionVoie", "codeTypeDeVoie", "libelleVoie"),
    *("mentionDistribution", "bureauCedex", "codePostal", "codeCommune", "codePays", "telephone", "telephone2"),
    *("telecopie", "adresseEMail", "codeDepartement", "ancienIdentifiantDeLaStructure", "autoriteDenregistrement"),
)
_AUTHORITIES: Final = {
    "10": "CNOM/CNOM",
    "40": "CNOCD/CNOCD",
    "50": "CNOSF/CNOSF",
    "21": "CNOP/CNOP",
    "80": "CNOPP/CNOPP",
}
_FRANCE: Final = "99000"


@dataclass(frozen=True)
class Person:
    """A professional with the structures of each activity."""

    professional: Professional
    structures: Sequence[Structure | None]

    @property
    def national_id(self) -> str:
        return self.professional.ps_idnat.value

    @property
    def family(self) -> str:
        return self.professional.family

    @property
    def given(self) -> str:
        return self.professional.given

    @property
    def other_ids(self) -> list[dict[str, Any]]:
        """``origine`` is RPPS for who has one, ADELI under prefix 0, else EDIT; ``qualite`` is a number."""
        rpps = self.professional.rpps
        if rpps is not None:
            return [{"identifiant": self.national_id, "origine": "RPPS", "qualite": 1}]
        origin = "ADELI" if self.national_id.startswith("0") else "EDIT"
        return [{"identifiant": self.national_id, "origine": origin, "qualite": 1}]


def person(tx: Tx, national_id: str) -> Person | None:
    """The professional of the world with that identifier."""
    found = registry.professional(tx, national_id)
    if found is None:
        return None
    return Person(found, [registry.structure(tx, activity.structure.value) for activity in found.activities])


def userinfo(someone: Person, sub: str, means: str) -> dict[str, Any]:
    """The whole userinfo in the observed order. Absent data is an empty text; who practises nowhere has no
    SubjectRefPro and no SubjectRole."""
    professional = someone.professional
    usual = professional.activities[0] if professional.activities else None
    place = someone.structures[0] if someone.structures else None
    told: dict[str, Any] = {
        "Secteur_Activite": f"{usual.sector}^{SECTOR}" if usual is not None and usual.sector else "",
        "sub": sub,
        "email_verified": False,
        "SubjectOrganization": place.name if place is not None else "",
        "SubjectOrganizationID": _technical(usual, place),
        "Mode_Acces_Raison": "",
        "preferred_username": someone.national_id,
        "given_name": someone.given,
        "family_name": someone.family,
        "Acces_Regulation_Medicale": "FAUX",
        "UITVersion": "1.0",
        "authMode": means,
        "Palier_Authentification": PALIER,
    }
    if professional.activities:
        told["SubjectRefPro"] = {"codeCivilite": professional.civility, "exercices": _exercises(someone)}
        roles = dict.fromkeys(activity.profession.code for activity in professional.activities)
        told["SubjectRole"] = [f"{code}^{ROLE if code.isdigit() else OTHER_ROLE}" for code in roles]
    told |= {
        "PSI_Locale": "1.2.250.1.213.1.3.1.1",
        "otherIds": someone.other_ids,
        "SubjectNameID": someone.national_id,
    }
    return told


def _exercises(someone: Person) -> list[dict[str, Any]]:
    """One per profession and speciality, with its activities."""
    grouped: dict[tuple[str, str], list[dict[str, str]]] = {}
    for activity, place in zip(someone.professional.activities, someone.structures, strict=True):
        key = (activity.profession.code, activity.specialty.code if activity.specialty else "")
        grouped.setdefault(key, []).append(_activity(activity, place))
    return [_exercise(someone, *key, activities) for key, activities in grouped.items()]


def _exercise(someone: Person, profession: str, specialty: str, activities: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "codeProfession": profession,
        "codeCategorieProfessionnelle": "C",
        "codeCiviliteDexercice": someone.professional.civility,
        "nomDexercice": someone.family,
        "prenomDexercice": someone.given,
        "codeTypeSavoirFaire": "S" if specialty.startswith("SM") else "",
        "codeSavoirFaire": specialty,
        "activities": activities,
    }


def _activity(activity: Activity, place: Structure | None) -> dict[str, str]:
    told = dict.fromkeys(_ACTIVITY_KEYS, "")
    hospital = place is not None and place.finess is not None
    authority = _AUTHORITIES.get(activity.profession.code, "")
    told |= {
        "codeModeExercice": "S" if hospital else "L",
        "codeSecteurDactivite": activity.sector,
        "codeGenreActivite": "GENR01",
        "identifiantTechniqueDeLaStructure": _technical(activity, place),
        "ancienIdentifiantDeLaStructure": activity.structure.value,
        "codePays": _FRANCE,
        "autoriteDenregistrement": f"{authority}/{'ARS' if hospital else authority.partition('/')[0]}"
        if authority
        else "",
    }
    if place is not None:
        told["raisonSocialeSite"] = place.name
        told["numeroFinessSite"] = place.finess.value if place.finess else ""
        told["numeroSiretSite"] = place.siret.value if place.siret else ""
        entity = place.legal_entity.finess if place.legal_entity else None
        told["numeroFinessetablissementJuridique"] = entity.value if entity else ""
    if activity.profession.code == "21" and activity.specialty is not None and len(activity.specialty.code) <= 2:
        told["codeSectionPharmacien"] = activity.specialty.code
    return told


def _technical(activity: Activity | None, place: Structure | None) -> str:
    """The directory's technical identifier: ``F`` + FINESS, or ``R`` and a number for a practice."""
    if activity is None:
        return ""
    if place is not None and place.finess is not None:
        return f"F{place.finess.value}"
    digits = "".join(c for c in activity.structure.value if c.isdigit())
    return f"R{int(digits or 0) % 1_000_000:06d}"
