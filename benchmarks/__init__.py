"""Benchmarks of mbench itself: each module measures one promise, as ratios taken in one run."""
