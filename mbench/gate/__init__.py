"""The verdict over a night: rules, each with its class, threshold and evidence. Pure functions of values.

Nothing here reads a file, a clock or an archive. Every constant says why it is what it is, and one set of them serves
all series.
"""
