"""What weights are on the shelf: cards, manifests and the store."""
