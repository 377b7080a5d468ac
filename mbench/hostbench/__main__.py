"""Runs hostbench as a process of its own; see `mbench.hostbench.program`."""

import signal
import sys

# As a C program: an interrupt or a closed pipe ends the process by its signal, without a traceback.
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)

if __name__ == "__main__":
    from mbench.hostbench.program import main  # loaded when signals end it as they should

    sys.exit(main(sys.argv))
