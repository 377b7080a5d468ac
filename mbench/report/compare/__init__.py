"""Comparisons of two sides: cells paired, what differs in provenance, ratios with intervals, as tables and as JSON."""
