"""The 18 published XDM archives of the shared samples, by name."""

from __future__ import annotations

from dataclasses import dataclass

SAMPLES = (
    "ANEST-CR-ANEST_2022.01",
    "BIO-CR-BIO_2021.01_Microbiologie_V1",
    "BIO-CR-BIO_2021.01_Microbiologie_V2",
    "BIO-CR-BIO_2021.01_Microbiologie_V2_Delete",
    "BIO-CR-BIO_2024.01_CR-2nde-intention-PDF",
    "CANCER-PPS_2022.01_Autopresentable",
    "CANCER-PPS_2022.01_feuille-de-style-externe",
    "CSE-CS8_2024.01",
    "DLU-FT-SU_2025.01",
    "DOC_NON_STRUCTURE_CDA-R2-N1",
    "IMG_CR_IMG_2024.01",
    "IMG_CR_IMG_2024.01_CDA-R2-Niveau-1",
    "LDL-EES_2022.01",
    "LDL-SES_2022.01",
    "TLM-CR_2022.01",
    "VAC_2023.01",
    "VSM_1.4_2022.01",
    "eP-MED-DM_2024.01_PosoStruct",
)


@dataclass(frozen=True)
class Sample:
    """One archive and the two files read out of it without our own reader."""

    name: str
    archive: bytes
    cda: bytes
    metadata: bytes
