"""The judge of candidate marks: made-up examples, boosted trees, an operating point, a card."""
