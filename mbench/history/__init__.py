"""The archive of many sessions: every cell's past in columns; derived from documents, which alone are the truth."""
