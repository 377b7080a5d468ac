"""The README's own network: its code and its command, as they stand there but for the epochs."""

import re
import shlex
import subprocess
import sys

import pytest
from command_line import ONCE, ROOT, Command, rows_of

SECTION = re.search(r"## Your own network\n(.*?)\n## ", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
LINES = [line.removeprefix("    ") for line in SECTION[1].splitlines() if line.startswith("    ")] if SECTION else []
*CODE, COMMAND = LINES
EPOCHS = "epochs=20,"
FEWER = "epochs=4,"
"""Answer rightly enough, in a third of the time."""


def test_the_code_has_fifteen_lines_at_most() -> None:
    assert 5 < len(CODE) <= 15


@pytest.mark.slow
@pytest.mark.tensorflow
def test_the_code_and_the_command_give_a_table_with_accuracies_and_again_without_tensorflow(
    bare: Command, without_tensorflow: dict[str, str]
) -> None:
    code = "\n".join(CODE)
    assert EPOCHS in code
    (bare.folder / "digits.py").write_text(code.replace(EPOCHS, FEWER))
    begun, _, command = COMMAND.partition(" && ")
    assert begun == "python digits.py"
    subprocess.run(
        [sys.executable, "digits.py"], cwd=bare.folder, env=bare.environment, check=True, capture_output=True
    )
    rows = rows_of(bare(*shlex.split(command)[1:], "--json", *ONCE))
    again = bare(*shlex.split(command)[1:], "--json", *ONCE, **without_tensorflow)

    assert [(row["variant"], row["status"]) for row in rows] == [("digits_fp32", "ok"), ("digits_int8", "ok")]
    assert all(row["top1"] > 0.9 for row in rows)
    assert again.returncode == 0, again.stderr
    for name in ("artifact_sha256", "top1"):
        assert [row[name] for row in rows_of(again)] == [row[name] for row in rows]
