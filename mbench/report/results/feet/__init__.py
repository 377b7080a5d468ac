"""What stands below a table of results: footnotes, origins, conditions, in full and in four lines."""
