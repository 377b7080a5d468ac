"""Stored results rendered for people and machines: values in, text out; adds no facts and touches no file."""
