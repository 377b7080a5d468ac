import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from command_line import ROOT, Command

from mbench.report.pages.templates import BEGINS

SESSION = "20260115-093000-host-alpha-1a2b"


@pytest.fixture
def stored(tmp_path: Path) -> Command:
    shutil.copytree(ROOT / "tests/data/results/format-3", tmp_path / "results")
    return Command(tmp_path, tmp_path / "home")


class Rows(HTMLParser):
    """Texts of the rows of all tables, by lines."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        self._cell = tag == "td" or (tag == "th" and ("scope", "row") in attrs)
        if self._cell:
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self._cell:
            self.rows[-1][-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._cell = False


def rows_of(page: str) -> list[list[str]]:
    parser = Rows()
    parser.feed(page)
    return [row for row in parser.rows if row]


def test_a_page_of_a_suite_has_the_numbers_of_its_markdown(stored):
    words = ("suite", "report", "mobilenets/table-6", SESSION, "--no-build", "--references")
    markdown = stored(*words).stdout
    lines = [line.strip("|").split("|") for line in markdown.splitlines() if line.startswith("| ")][2:]
    page = stored(*words, "--format", "html")
    assert page.returncode == 0, page.stderr
    assert page.stdout.encode().startswith(BEGINS)
    assert rows_of(page.stdout) == [[cell.strip().replace("\\", "") for cell in line] for line in lines]
    assert f"{' '.join(('mbench', *words[:4]))} --format html --references --no-build" in page.stdout


def test_a_page_of_a_suite_is_written_to_the_file_that_was_named_and_equal(stored):
    words = ("suite", "report", "mobilenets/figure-4", "--no-build", "--format", "html", "-o", "mine.html")
    done = stored(*words)
    assert (done.returncode, done.stdout) == (0, "mine.html\n"), done.stderr
    before = (stored.folder / "mine.html").read_bytes()
    assert stored(*words).returncode == 0
    assert (stored.folder / "mine.html").read_bytes() == before


def test_the_page_of_the_paper_has_all_tables_and_figures_and_what_nobody_measured_is_unknown(stored):
    done = stored("suite", "document", "--no-build", "--format", "html")
    assert (done.returncode, done.stdout) == (0, "paper.html\n"), done.stderr
    text = (stored.folder / "paper.html").read_text(encoding="utf-8")
    for part in (*(f"table-{number}" for number in range(1, 15)), "figure-4", "figure-5", "grid"):
        assert f'<section class="part" id="{part}"' in text
    assert "Nothing of it was measured here" in text
    assert "mbench suite document --format html --no-build" in text


@pytest.mark.parametrize(
    "words", [("suite", "report", "mobilenets/table-6"), ("suite", "document")], ids=["report", "document"]
)
def test_another_file_or_a_folder_is_not_written_over(stored, words):
    (stored.folder / "mine.html").write_text("<html>my own</html>")
    done = stored(*words, "--no-build", "--format", "html", "-o", "mine.html")
    assert done.returncode == 2
    assert "mine.html is there and not a page of mbench" in done.stderr
    assert (stored.folder / "mine.html").read_text() == "<html>my own</html>"
    folder = stored(*words, "--no-build", "--format", "html", "-o", "results")
    assert folder.returncode == 2
    assert "--output results is a folder" in folder.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("report", "mobilenets/table-6", "--format", "md", "--open"), "--open shows a page; --format md is none."),
        (("document", "--format", "md", "--open"), "--open shows a page; --format md is none."),
        (("report", "mobilenets/table-6", "--format", "json"), "mbench report --format json has rows"),
    ],
)
def test_what_goes_not_together_is_refused(stored, words, said):
    done = stored("suite", *words)
    assert done.returncode == 2
    assert said in done.stderr


def test_serials_are_hidden_where_that_is_asked_for(stored):
    words = ("suite", "report", "mobilenets/grid", SESSION, "--no-build")
    plain = stored(*words, "--format", "html").stdout
    assert "Measured on recording-host" in plain
    for form in ("md", "html"):
        hidden = stored(*words, "--format", form, "--hide-serials").stdout
        assert "Measured on recording-host" not in hidden
        assert "Measured on host-" in hidden
