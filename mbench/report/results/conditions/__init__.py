"""Conditions of results: what keeps them out of one table, when they were measured, what a phone did not show."""
