"""Models: architectures, weights, conversion to `.tflite` and quantization; the only wing that knows tensorflow."""
