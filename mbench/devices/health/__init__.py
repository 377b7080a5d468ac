"""Health of phones: what is read of one, named checks of it, faults of a whole host, and how failures count."""
