"""benchmark_model's output: text and protos in, values out."""
