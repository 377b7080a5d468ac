"""Pictures of pages as people meet them: light, dark, narrow, and printed.

    python -m benchmarks page_pictures FOLDER [KIND | PAGE.html]...

A KIND is made from nothing, by mbench's own commands, in a folder of its own, and is measured but once: what FOLDER
holds already is shown again. `session` is the README's session and `paper` the paper with its Figure 4 timed, both
measured on this machine; `phones`, `night` and `year` are synthetic: a session of three phones, a judged night, and
a year with one of its cells large. Without a name all of them. PAGE.html is a file that mbench wrote.

Needs Chromium on PATH and the test extra. `KIND.png` is what the documents show: one screen, which for the paper begins
at its Figure 4.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from PIL import Image

FLAGS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
_USAGE: Final = "python -m benchmarks page_pictures FOLDER [KIND | PAGE.html]..."
_WIDE: Final[Any] = {"width": 1280, "height": 1060}
_NARROW: Final[Any] = {"width": 400, "height": 900}
_COLOURS: Final = 128
"""Of a picture for documents: a page has few, and the file is a third as large. They are chosen so that rare ones stay:
points are small, and their colours mean something."""
_STATES: Final = {"year": "#sel=3"}
"""What is chosen on a page, as its address says it."""
_DRAWN_MS: Final = 1500
"""Within which the script of a page has drawn what is in view."""
_FIRST_SHOWN: Final = {"paper": "#figure-4"}
"""Where the screen of a page begins that is long before it has a picture."""
_LAY_OUT: Final = "for (const panel of document.querySelectorAll('.panel')) panel.style.contentVisibility = 'visible'"
"""What is out of sight is laid out when somebody comes to it, and a picture of a whole page has no such moment."""


def main(words: list[str]) -> int:
    """Take the pictures; return the exit code."""
    if not words:
        print(_USAGE, file=sys.stderr)
        return 2
    folder, names = Path(words[0]), words[1:] or [*KINDS]
    if unknown := [name for name in names if name not in KINDS and not name.endswith(".html")]:
        print(f"unknown kind {unknown[0]}; there are {', '.join(KINDS)}. {_USAGE}", file=sys.stderr)
        return 2
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        print("no chromium on PATH: install it first.", file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        _take(KINDS[name](folder / name) if name in KINDS else Path(name), folder, browser)
    return 0


def _session(folder: Path) -> Path:
    """Measure the README's session here, once."""
    _measure(folder, "run", "--device", "host", "--sweep", "alpha", "--dataset", "digits")
    return _page(folder / "session.html", "report")


def _paper(folder: Path) -> Path:
    """Time the sixteen networks of the paper's Figures 4 and 5 here, once."""
    _measure(folder, "run", "--suite", "mobilenets/figure-4", "--device", "host")
    return _page(folder / "paper.html", "suite", "document")


def _phones(folder: Path) -> Path:
    """Make synthetic jobs of three phones: nothing was measured, as the page says."""
    from benchmarks.pages import page_of, results_of

    return _written(folder, page_of(results_of(phones=3, quantizations=("int8",))))


def _night(folder: Path) -> Path:
    from benchmarks.night_page import synthetic_night

    return _written(folder, synthetic_night())


def _year(folder: Path) -> Path:
    from benchmarks.year_page import year
    from mbench.report.pages.nights.history_page import history_page

    return _written(folder, history_page(year(workloads=5, phones=8)))


def _written(folder: Path, page: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{folder.name}.html"
    path.write_bytes(page)
    return path


KINDS: Final[Mapping[str, Callable[[Path], Path]]] = {
    "session": _session,
    "paper": _paper,
    "phones": _phones,
    "night": _night,
    "year": _year,
}
"""Each makes its page in a folder of its own, and returns the page's path."""


def _measure(folder: Path, *words: str) -> None:
    if (folder / "results").exists():
        return
    folder.mkdir(exist_ok=True)
    _mbench(folder, *words, "--quiet")


def _page(path: Path, *words: str) -> Path:
    _mbench(path.parent, *words, "--format", "html", "--output", path.name)
    return path


def _mbench(folder: Path, *words: str) -> None:
    subprocess.run((sys.executable, "-m", "mbench", *words), cwd=folder, check=True, stdout=subprocess.DEVNULL)


def _take(page: Path, folder: Path, browser: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=browser, args=[*FLAGS])
        for look, size in (("light", _WIDE), ("dark", _WIDE), ("narrow", _NARROW)):
            tab = started.new_page(viewport=size, color_scheme="dark" if look == "dark" else "light")
            tab.goto(f"{page.resolve().as_uri()}{_STATES.get(page.stem, '')}")
            tab.evaluate(_LAY_OUT)
            tab.wait_for_timeout(_DRAWN_MS)
            tab.screenshot(path=folder / f"{page.stem}-{look}.png", full_page=True)
            if look == "light":
                tab.locator(_FIRST_SHOWN.get(page.stem, "body")).evaluate("(element) => element.scrollIntoView()")
                tab.screenshot(path=folder / f"{page.stem}.png")
                _shrink(folder / f"{page.stem}.png")
                tab.pdf(path=folder / f"{page.stem}-print.pdf", format="A4", landscape=True)
            tab.close()
        started.close()


def _shrink(path: Path) -> None:
    """Keep few colours of a picture."""
    with Image.open(path) as picture:
        few = picture.convert("RGB").quantize(_COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
