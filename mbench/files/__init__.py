"""Files: how they are kept safe, and how those of other people are opened. Knows no wing's formats.

regular.py      opens files that somebody else may have made
texts.py        small texts that people write
archives.py     zip archives that somebody else packed
places.py       paths as people write them
whole.py        writes files and folders whole or not at all
locks.py        locks between processes
in_use.py       what processes use until they end, and so nobody removes
hashes.py       SHA-256 of files
disk.py         what a disk refuses, as one error
downloads.py    a file over HTTP, resumed where it was cut and compared with its pin
answers.py      what a server's answer says about a file
"""
