"""Weights: seeded, published or a user's own, and how they reach a network."""
