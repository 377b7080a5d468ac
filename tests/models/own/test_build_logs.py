"""What a build prints, kept in a file within bounds, also of a process that dies meanwhile."""

import subprocess
import sys
from pathlib import Path

DIES = """
import os, sys, time
from pathlib import Path
from mbench.files.printed import printed_log
path = Path(sys.argv[1])
with printed_log(path):
    os.write(1, b"said before the end\\n")
    until = time.monotonic() + 60
    while not (path.is_file() and path.stat().st_size) and time.monotonic() < until:
        time.sleep(0.01)
    os._exit(9)
"""
PRINTS = """
import os, sys
from pathlib import Path
from mbench.files.printed import printed_log
with printed_log(Path(sys.argv[1])):
    for number in range(40000):
        os.write(1, b"%07d a line of 32 bytes, or so...\\n" % number)
"""


def run(code: str, log: Path) -> int:
    return subprocess.run([sys.executable, "-c", code, str(log)], check=False, capture_output=True).returncode


def test_a_process_that_dies_leaves_what_it_said(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "net.log"

    assert run(DIES, log) == 9
    assert log.read_text() == "said before the end\n"


def test_of_megabytes_beginning_and_end_are_kept_once(tmp_path: Path) -> None:
    log = tmp_path / "net.log"
    log.write_text("of the build before")

    assert run(PRINTS, log) == 0
    text = log.read_text()
    assert text.startswith("0000000 a line")
    assert text.endswith("0039999 a line of 32 bytes, or so...\n")
    assert "bytes left out" in text
    assert len(text) < 600_000
