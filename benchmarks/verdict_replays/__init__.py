"""Replays of recorded and of synthetic histories through the gate: what it must reach, row by row."""
