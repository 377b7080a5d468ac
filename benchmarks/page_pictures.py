"""Pictures of a page as people meet it: light, dark, narrow, and printed.

    python -m benchmarks page_pictures FOLDER [PAGE]

PAGE is a file that `mbench report --format html` wrote; without it, one of sixteen synthetic variants on three phones.
Needs Chromium on PATH and the test extra. `page.png` of the folder is what the documents show: the first screen.
"""

import shutil
import sys
from pathlib import Path
from typing import Any, Final

from PIL import Image

FLAGS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
_WIDE: Final[Any] = {"width": 1280, "height": 1420}
_NARROW: Final[Any] = {"width": 400, "height": 900}


def main(words: list[str]) -> int:
    """Take the pictures; return the exit code."""
    if len(words) not in (1, 2):
        print("python -m benchmarks page_pictures FOLDER [PAGE]", file=sys.stderr)
        return 2
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        print("no chromium on PATH: install it first.", file=sys.stderr)
        return 1
    folder = Path(words[0])
    folder.mkdir(parents=True, exist_ok=True)
    page = Path(words[1]) if len(words) == 2 else _synthetic(folder / "synthetic.html")
    _take(page, folder, browser)
    return 0


def _synthetic(path: Path) -> Path:
    from benchmarks.pages import page_of, results_of

    path.write_bytes(page_of(results_of(phones=3, quantizations=("int8",))))
    return path


def _take(page: Path, folder: Path, browser: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=browser, args=[*FLAGS])
        for name, size in (("light", _WIDE), ("dark", _WIDE), ("narrow", _NARROW)):
            tab = started.new_page(viewport=size, color_scheme="dark" if name == "dark" else "light")
            tab.goto(page.resolve().as_uri())
            tab.screenshot(path=folder / f"{name}.png", full_page=True)
            if name == "light":
                tab.screenshot(path=folder / "page.png")
                _shrink(folder / "page.png")
                tab.pdf(path=folder / "print.pdf", format="A4", landscape=True)
            tab.close()
        started.close()


def _shrink(path: Path) -> None:
    """Keep 64 colours of a picture: a page has few, and the file is a third as large."""
    with Image.open(path) as picture:
        few = picture.convert("RGB").quantize(64)
    few.save(path, optimize=True)
