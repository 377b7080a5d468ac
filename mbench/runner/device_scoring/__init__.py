"""Scores from the device itself: benchmark_model's own input and output files, in shards."""
