"""Scores of model files on this host: examples prepared once, inference on all cores, scores kept."""
