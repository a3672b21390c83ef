"""Fine-tunes shipped weights to one film, taught by damage laid on its own undamaged places."""
