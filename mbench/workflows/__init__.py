"""Workflows: one module per thing a user asks for; each reads like a table of contents and wires wings together."""
