"""Columns of tables of results, and the texts that stand in them."""
