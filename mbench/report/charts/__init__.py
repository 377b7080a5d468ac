"""Charts: figures of latency, accuracy and learning curves as offline pictures."""
