"""Training of nets: batches, losses, validation, checkpoints, resuming."""
