"""Neighbours in time."""
