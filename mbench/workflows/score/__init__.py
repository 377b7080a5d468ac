"""Scores: evaluation specs opened, files scored, tables made."""
