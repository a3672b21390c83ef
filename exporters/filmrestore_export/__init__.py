"""Turns trained nets into files that the core can run."""
