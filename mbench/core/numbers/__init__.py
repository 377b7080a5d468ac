"""Numbers and how certain they are: bounds, intervals, ranks, drift."""
