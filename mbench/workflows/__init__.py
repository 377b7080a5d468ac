"""Workflows: one module per thing that a user asks for; each reads like a table of contents and wires wings together."""
