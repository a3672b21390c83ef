"""Ways of filling holes, compared on the same holes of known truth."""
