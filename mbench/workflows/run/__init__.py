"""`mbench run`: from what was typed to a session whose every job has its document."""
