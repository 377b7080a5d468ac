"""Adbd's side of the protocol over TCP: packets, streams, shell and sync services."""
