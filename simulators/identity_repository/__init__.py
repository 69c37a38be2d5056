"""The hospital's identity repository: patients and their stays, told to the others by IHE PAM France."""
