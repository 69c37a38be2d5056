"""A PFI: takes documents by HL7, feeds the DMP, mails them, tells their sender, reads its mailbox (facts pfi §3)."""
