"""Training with the rounding of integer networks in it."""
