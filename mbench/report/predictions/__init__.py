"""Answers of single examples in tables: flips, worst ones, classes."""
