"""Rendering: a table of values as markdown, terminal text or CSV; adds no facts."""
