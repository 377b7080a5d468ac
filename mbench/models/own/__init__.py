"""Users' own networks: read, converted to float files, calibrated and quantized."""
