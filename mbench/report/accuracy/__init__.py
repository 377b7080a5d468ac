"""Accuracy in tables: scores and pairs."""
