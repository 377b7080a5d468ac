"""Files: how those of other people are opened. It knows no wing's formats, and turns nothing into values."""
