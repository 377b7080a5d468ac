"""Keeps benchmark_model binaries for devices: reads them strictly, keeps them by SHA-256, fetches published ones.

    elf.py             what an ELF file is, and whether it is whole
    elf_layout.py      how its structures are laid out
    records.py         what is known of a kept binary
    library.py         the folder that keeps them
    published.py       where binaries are published, and for what
    advice.py          how to get a binary where none is kept
    pins.py            which bytes an address gave when it was first fetched
    fetching.py        from an address to a kept, pinned and proved binary

Nothing here runs a binary: which flavour a file really is, its own help text tells on a device.
"""
