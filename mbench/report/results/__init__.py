"""Results: rows, columns and foot lines of measured sessions."""
