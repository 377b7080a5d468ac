"""Emulated phones: adbd's side of the adb protocol over loopback TCP, for a real adb server; standard library only.

    farm.py            PhoneFarm: phones in one process
    adb_server.py      a private adb server, of a port, a home and a key of its own
    serving.py         phones for a terminal, until Ctrl-C
    pytest_plugin.py   fixtures: `pytest_plugins = ["mbench.emulator.pytest_plugin"]`
    facts.py           what a phone says of itself: PhoneFacts, pixel4()
    faults.py          what can be made to go wrong; control.py arms it from another process
    binaries.py        files that a phone runs as benchmark_model
    plays.py           synthetic benchmarks, whose process is a shell that gets line by line what to print (lines.py)
    views.py           how Android's paths become the phone's folder, and what is not mapped

A phone's timings are this host's (`ro.mbench.emulated=1`) or invented (`ro.mbench.emulated=synthetic`).
"""
