"""benchmark_model over any transport: argument lists, device scripts, strict parsers and proof of what happened."""
