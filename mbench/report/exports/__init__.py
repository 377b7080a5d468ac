"""A night for other programs: JUnit XML, and the formats of benchmark trackers; values in, text out."""
