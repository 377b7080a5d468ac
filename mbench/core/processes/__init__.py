"""Processes: how they are started, marked and ended, where they look for modules, and the cores they run on."""
