"""The five kinds of document the sandbox can make, and the codes their CDA header takes from the national lists."""

from __future__ import annotations

from enum import StrEnum

from simulators.documents.errors import CannotBuild
from simulators.documents.xds.model import Code
from simulators.population.codes import code_list
from simulators.population.model import Activity, Structure

LOINC = "2.16.840.1.113883.6.1"
CONFIDENTIALITY = "2.16.840.1.113883.5.25"
PROFESSION = "1.2.250.1.71.1.2.7"
SPECIALTY = "1.2.250.1.213.1.1.4.5"
FACILITY = "1.2.250.1.71.4.2.4"
PRACTICE = "1.2.250.1.213.1.1.4.9"

NORMAL = Code("N", CONFIDENTIALITY, "Normal")

_IN_A_HOSPITAL = frozenset({"hospital", "legal-entity"})


class DocumentKind(StrEnum):
    """Kind of document → LOINC type code of JDV_J66."""

    DISCHARGE_LETTER = "11490-0"
    OPERATIVE_REPORT = "34874-8"
    PRESCRIPTION = "57833-6"
    IMAGING_REPORT = "18748-4"
    LABORATORY_REPORT = "11502-2"

    @property
    def type_code(self) -> Code:
        """Type with the label of JDV_J66."""
        return labelled("JDV_J66_TypeCode_DMP", self.value, LOINC)


def labelled(list_name: str, code: str, system: str) -> Code:
    """A code with its label. Raises :class:`CannotBuild` when the list does not have it."""
    row = code_list(list_name).get(code, system)
    if row is None:
        raise CannotBuild(f"{code!r} ({system}) is not in {list_name}")
    return Code(row.code, row.system, row.display)


def facility_of(structure: Structure) -> Code:
    """healthcareFacilityTypeCode of a structure: its sector of activity. Raises :class:`CannotBuild`."""
    return labelled("JDV_J61_HealthcareFacilityTypeCode_DMP", structure.sector, FACILITY)


def practice_of(structure: Structure) -> Code:
    """practiceSettingCode by kind of structure: ETABLISSEMENT inside a hospital, AMBULATOIRE elsewhere. Inferred."""
    code = "ETABLISSEMENT" if structure.kind in _IN_A_HOSPITAL else "AMBULATOIRE"
    return labelled("JDV_J62_PracticeSettingCode_DMP", code, PRACTICE)


def specialty_of(activity: Activity) -> Code:
    """authorSpecialty of JDV_J01: ``G15_10/SM26``, or ``G15_60`` for a profession without specialty.

    A profession outside TRE_G15 (medical secretary...) is a code of the list by itself. A code the
    list does not have is kept with an empty label, since adopted professionals may bring any.
    """
    codes = [activity.profession.code, *([activity.specialty.code] if activity.specialty else [])]
    is_g15 = activity.profession.system == PROFESSION
    code = "G15_" + "/".join(codes) if is_g15 else codes[0]
    row = code_list("JDV_J01_XdsAuthorSpecialty_CISIS").get(code)
    return Code(code, SPECIALTY, "") if row is None else Code(row.code, row.system, row.display)
