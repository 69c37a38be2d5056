"""What the record checks: messages that a mail brought (flow 6), the patient and the version, receipts."""
