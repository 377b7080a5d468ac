"""What was measured elsewhere: files of users' pasts become points of the archive."""
