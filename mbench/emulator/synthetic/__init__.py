"""Synthetic latencies: benchmark_model's output by a stated law, without inference."""
