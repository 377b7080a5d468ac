"""Verdicts for people: text, markdown, annotations."""
