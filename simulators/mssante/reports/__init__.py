"""What answers a mail: delivery status (DSN), disposition (MDN) and the standard error mail, built and read."""
