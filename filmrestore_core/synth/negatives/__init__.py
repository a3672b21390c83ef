"""Hard negatives: what looks like damage and is none."""
