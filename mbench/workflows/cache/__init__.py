"""The cache: what mbench keeps on this host to be faster, shown and removed."""
