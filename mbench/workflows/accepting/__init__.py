"""What `mbench accept` does: changes that are meant, kept in a file under version control."""
