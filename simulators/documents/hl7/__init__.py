"""The CI-SIS volets of documents in HL7 v2 as values: transmission of a CDA, its receipts, what a mail brought."""
