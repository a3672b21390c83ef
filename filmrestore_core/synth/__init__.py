"""Made-up damage over clean pictures."""
