"""Building: what is selected, found in the cache or built by workers."""
