"""Runs hostbench as a process of its own; see `mbench.hostbench.program`."""

import signal

# As a C program: an interrupt or a closed pipe ends the process by its signal, without a traceback.
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)

import sys  # noqa: E402

from mbench.hostbench.program import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(sys.argv))
