"""The film's own grain."""
