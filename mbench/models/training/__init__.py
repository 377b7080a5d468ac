"""Training: recipes, the loop that follows them, and what is kept of it. Importing a module loads no tensorflow."""
