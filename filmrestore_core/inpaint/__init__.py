"""What was there."""
