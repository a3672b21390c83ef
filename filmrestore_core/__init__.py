"""filmrestore: finds damage on scanned film and repairs only that."""
