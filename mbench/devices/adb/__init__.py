"""Phones over adb: servers, connections, shell commands, verified pushes; the one door to adbutils."""
