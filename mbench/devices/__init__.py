"""Devices: transports, profiles, facts and conditions of what measures; no benchmark is known here."""
