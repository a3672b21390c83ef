"""Judges of line scratches: made-up windows with lines, what is measured of them, trees."""
