"""The validation table: cases, contenders, curves, pages."""
