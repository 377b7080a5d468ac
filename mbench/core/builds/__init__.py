"""What can be built: variants, their names, recipes and sweeps."""
