"""Farm: the parts of a session at the same time, one phone each. The only door of distributed and dask.

Never opens a port, never writes a file that stays, never carries a result: what was measured is in the store.
"""
