"""`mbench history`: what was measured night after night, and what is brought in from elsewhere."""
