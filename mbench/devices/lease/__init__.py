"""Leases: one process at a time holds a phone, across processes and hosts."""
