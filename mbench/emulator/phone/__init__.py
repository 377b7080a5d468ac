"""The emulated phone: its folder, facts, commands, files and armed faults."""
