"""SMTP of the operator: submission by its clients, and exchange with the other operators. No I/O."""
