"""The engine for many hosts: who lends phones, who runs parts, and by which certificates they trust each other."""
