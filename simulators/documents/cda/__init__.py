"""CDA R2: a tolerant reader that locates every value, and a level 1 builder."""
