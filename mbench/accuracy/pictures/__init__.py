"""Pictures: decoding, and the named preprocessing recipes from levels to a network's input."""
