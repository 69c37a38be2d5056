"""Documents: CDA R2, PDF/A, XDS metadata, XDM archives, lot signatures.

Everything here is a plain function of its arguments: no socket, no wall clock, no randomness;
identifiers and instants are passed in. Readers only say what they found and where (an evaluable
XPath); judging is the work of the simulators' rules.
"""
