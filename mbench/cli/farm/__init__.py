"""Commands of farms: hosts, phones and nights."""
