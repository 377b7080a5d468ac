"""This machine as a device: its transport, facts and folders."""
