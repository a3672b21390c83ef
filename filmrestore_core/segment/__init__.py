"""Where the damage is."""
