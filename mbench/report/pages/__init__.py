"""Pages that people open: one file each, offline, for a session now; see `docs/pages.md`."""
