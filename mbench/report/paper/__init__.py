"""The paper's tables: printed, counted and measured values side by side."""
