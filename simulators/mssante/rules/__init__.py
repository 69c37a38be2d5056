"""Rules of the operator: access, transport, delivery, and the verdict on mails."""
