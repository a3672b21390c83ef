"""Encodings and the way to the working picture."""
