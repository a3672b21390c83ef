"""Made-up scenes to learn from: sources, damage, hard negatives, and their place on disk."""
