"""Accuracy: data sets, preprocessing, metrics, and scores of a file from the host."""
