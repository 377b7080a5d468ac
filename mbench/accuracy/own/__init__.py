"""Scores by a user's own metric, and on a user's own arrays."""
