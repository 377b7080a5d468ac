"""The count of code lines: what is one, and what is text."""

from pathlib import Path

import pytest

from benchmarks.code_lines import count_lines, count_rooms, main

_MODULE = '''"""A module's text.

It goes on.
"""

import os  # counted: code stands before the comment

LIMIT = 3
"""What the limit is."""


class Value:
    """A value."""

    size: int
    """Its size."""

    def double(self) -> int:
        """Return twice the size."""
        # a comment alone
        return (
            2

            * self.size
        )


TEXT = """a text
that is

code"""
'''


def test_docstrings_comments_and_blank_lines_do_not_count() -> None:
    # import, LIMIT, class, size, def, five of the return but not the blank one within, four of TEXT
    assert count_lines(_MODULE) == 1 + 1 + 1 + 1 + 1 + 4 + 4


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("", 0),
        ("# only a comment\n", 0),
        ('"""Only a docstring."""', 0),
        ("x = 1", 1),
        ('def f(): "one line"', 0),
        ('f"no {docstring}"', 1),
        ("x = 1 + \\\n    2\n", 2),
    ],
)
def test_each_form_counts_as_it_is_said(source: str, lines: int) -> None:
    assert count_lines(source) == lines


def test_rooms_are_the_folders_of_the_package(tmp_path: Path) -> None:
    package = tmp_path / "mbench"
    for name, source in {"__init__.py": "x = 1\n", "a/b/deep.py": "x = 1\ny = 2\n", "a/c.py": "z = 3\n"}.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(source, encoding="utf-8")
    (package / "a/notes.txt").write_text("no = code\n", encoding="utf-8")
    assert count_rooms(package) == {".": 1, "a": 3}


def test_the_command_prints_a_room_a_line_and_their_sum(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mbench/a").mkdir(parents=True)
    (tmp_path / "mbench/a/one.py").write_text("x = 1\n", encoding="utf-8")
    (tmp_path / "mbench/main.py").write_text("x = 1\ny = 2\n", encoding="utf-8")
    assert main([str(tmp_path)]) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["2", "."],
        ["1", "a"],
        ["3", "in", "all"],
    ]


def test_a_folder_that_is_no_checkout_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    assert "name a checkout" in capsys.readouterr().err
