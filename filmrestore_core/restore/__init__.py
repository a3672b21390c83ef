"""Damage found, filled and composited into the stored frame."""
