"""Judging a night: its series and the gate's rules brought together, suspects measured again, outputs written."""
