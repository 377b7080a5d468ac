"""The only writer of results/: sessions, their plans, runs and jobs, as documents that outlive crashes and versions."""
