"""Pages of a night, and of cells over all nights."""
