"""Data sets: each form of labelled examples that people have, read as it lies on their disk."""
