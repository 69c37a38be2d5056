"""What is not MSSanté and a product sends all the same: ordinary mail and SMS, caught for who waits for a code."""
