"""Results of measured sessions: rows, columns, feet and tables; the modules here make whole reports, CSV and JSON."""
