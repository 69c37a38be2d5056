package lps;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The six published CDAs that are fed, with the class (ASS_X16) and format (JDV_J60) of their type. */
enum Samples {
    DISCHARGE("LDL-SES_2022.01.zip", "10", "Compte rendu", "urn:asip:ci-sis:ldl-ses:2017",
        "1.2.250.1.213.1.1.4.2.282", "Lettre de Liaison à la sortie de l'établissement de santé"),
    ADMISSION("LDL-EES_2022.01.zip", "11", "Synthèse", "urn:asip:ci-sis:ldl-ees:2017",
        "1.2.250.1.213.1.1.4.2.282", "Lettre de Liaison à l'entrée d'un établissement de santé"),
    BIOLOGY("BIO-CR-BIO_2021.01_Microbiologie_V1.zip", "10", "Compte rendu", "urn:ihe:lab:xd-lab:2008",
        "1.3.6.1.4.1.19376.1.2.3", "Compte rendu structuré d'examens de biologie médicale"),
    PDF("DOC_NON_STRUCTURE_CDA-R2-N1.zip", "10", "Compte rendu", "urn:ihe:iti:xds-sd:pdf:2008",
        "1.3.6.1.4.1.19376.1.2.3", "Document à corps non structuré en Pdf/A-1"),
    PRESCRIPTION("eP-MED-DM_2024.01_PosoStruct.zip", "42", "Prescription", "urn:ihe:pharm:pre:2010",
        "1.3.6.1.4.1.19376.1.2.3", "Prescription de médicaments"),
    VACCINATIONS("VAC_2023.01.zip", "52", "Certificat, déclaration", "urn:asip:ci-sis:vac:2019",
        "1.2.250.1.213.1.1.4.2.282", "Historique des vaccinations");

    private final String archive;
    private final Cda.Coded classCode;
    private final Cda.Coded format;

    Samples(String archive, String classCode, String classLabel, String format, String formatSystem,
            String formatLabel) {
        this.archive = archive;
        this.classCode = new Cda.Coded(classCode, "1.2.250.1.213.1.1.4.1", classLabel);
        this.format = new Cda.Coded(format, formatSystem, formatLabel);
    }

    /** All six, made documents of this author and patient. */
    static List<Metadata.Filed> file(Path xdm, Lps lps) throws Exception {
        List<Metadata.Filed> filed = new ArrayList<>();
        for (Samples sample : values()) {
            Cda.Made made = Cda.rewrite(xdm.resolve(sample.archive), lps.ids, lps.patient, lps.author);
            filed.add(new Metadata.Filed(made, sample.classCode, sample.format));
        }
        return filed;
    }

    Metadata.Filed of(List<Metadata.Filed> filed) {
        return filed.get(ordinal());
    }
}
