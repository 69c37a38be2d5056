"""Named faults and forced refusals; triggers are data, one small file per fault."""
