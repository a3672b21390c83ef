"""Shipped helpers for tests: seeded plates and contracts."""
