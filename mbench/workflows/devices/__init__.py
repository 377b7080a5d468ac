"""Devices: found, made ready and listed; emulated ones started."""
