"""`mbench train`: recipes, processes and the weights that come of them."""
