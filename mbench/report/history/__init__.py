"""Histories as tables."""
