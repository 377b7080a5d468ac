"""Reads `.tflite` files: counts them, says what they hold, proves that they follow their model, keeps them."""
