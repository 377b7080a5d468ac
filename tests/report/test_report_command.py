import os
import subprocess
import sys
from pathlib import Path

SHOW = """
import sys
sys.path.insert(0, {folder!r})
import sample_scores as scored
from mbench.cli.options.formats import Format
from mbench.cli.tables import print_results
print_results([scored.scored_result("mobilenet_v1_1.00_224_int8", 1)], Format.TABLE)
"""


def mbench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mbench.cli.main", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def shown(**environment: str) -> list[str]:
    known = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    script = SHOW.format(folder=str(Path(__file__).parent))
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=known | {"PYTHONIOENCODING": "utf-8"} | environment,
    )
    return done.stdout.splitlines()


def test_a_value_without_a_pivot_is_refused():
    done = mbench("report", "--value", "top1")
    assert done.returncode == 2
    assert "--value top1 says what a --pivot shows; name its axes: --pivot alpha:resolution." in done.stderr


def test_a_table_in_eighty_columns_breaks_no_number():
    lines = shown(COLUMNS="80")
    assert max(map(len, lines)) <= 80
    assert any("4.010 [4.000, 4.020] │ 99.7 [98.4, 100.0]" in line for line in lines)


def test_a_table_into_a_file_leaves_nothing_out():
    text = "\n".join(shown())
    assert "Left out" not in text
    assert "Peak memory (MiB)" in text
