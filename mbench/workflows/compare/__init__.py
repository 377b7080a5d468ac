"""`mbench compare`, and old files measured again beside new ones."""
