"""Options that commands share, by the headings of help, and what they ask for."""
