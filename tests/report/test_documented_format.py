"""docs/results-format.md against the code that it describes."""

import re
from pathlib import Path

from mbench.core.results import FORMAT_VERSION, WarningCode
from mbench.report.results.rows.row import Row

PAGE = (Path(__file__).parents[2] / "docs" / "results-format.md").read_text(encoding="utf-8")


def first_cells(heading: str) -> list[str]:
    """Return the names in the first column of the table below a heading."""
    section = PAGE.partition(f"## {heading}")[2].partition("\n## ")[0]
    lines = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [name for cell in lines for name in re.findall(r"`(\w+)`", cell)]


def test_every_name_of_a_row_is_described():
    assert sorted(first_cells("Rows")) == sorted(Row.model_fields)


def test_every_warning_code_is_described():
    assert sorted(first_cells("Warning codes")) == sorted(WarningCode)


def test_the_newest_format_is_in_the_history():
    assert re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)[-1] == str(FORMAT_VERSION)
