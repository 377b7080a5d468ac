"""Rows: what a job's results come to, and what follows from many: the fastest, medians of a model's phones."""
