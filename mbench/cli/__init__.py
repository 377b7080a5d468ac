"""Command line: thin typer commands; the only room that prints. Each command imports its workflow when it is called."""
