"""Pages as a real browser shows them, from a file, with all that they asked for and complained of."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@contextmanager
def started_browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM:
        pytest.skip("no chromium on PATH: pages are not tested in a browser")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


class Shown:
    """A page as a browser shows it, with all that it asked for, complained of, or executed."""

    def __init__(self, browser: Any, file: Path, **how: Any) -> None:
        self.context = browser.new_context(**({"viewport": {"width": 1200, "height": 900}} | how))
        self.context.add_init_script(
            "window.violations = []; addEventListener('securitypolicyviolation',"
            " (event) => window.violations.push(event.violatedDirective))"
        )
        self.tab = self.context.new_page()
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.tab.on("console", lambda said: self.complaints.append(said.text))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("request", lambda request: self.asked.append(request.url))
        self.address = file.as_uri()
        self.tab.goto(self.address)

    def anew(self) -> None:
        """Show the page as nobody has touched it, in the same tab: a page keeps nothing but its address."""
        self.tab.set_viewport_size({"width": 1200, "height": 900})
        self.tab.emulate_media(media="screen", color_scheme="light")
        self.tab.goto("about:blank")
        self.complaints.clear()
        self.asked.clear()
        self.tab.goto(self.address)

    def at(self, state: str) -> None:
        self.tab.goto("about:blank")
        self.tab.goto(f"{self.address}#{state}")

    def shown(self) -> list[int]:
        return self.tab.evaluate("[...document.querySelectorAll('tr[id^=r]')].map((row) => +row.id.slice(1))")

    def ask(self, script: str) -> Any:
        return self.tab.evaluate(script)

    def serious(self) -> list[tuple[str, list[str]]]:
        """Return what axe-core finds that keeps people out, seriously or critically."""
        self.ask(resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
        found = self.ask("axe.run()")
        assert len(found["passes"]) > 20
        return [
            (each["id"], [node["html"][:200] for node in each["nodes"]])
            for each in found["violations"]
            if each["impact"] in {"serious", "critical"}
        ]

    def printed(self) -> list[str]:
        """Return the text of each sheet of paper."""
        if not shutil.which("pdftotext"):
            pytest.skip("no pdftotext on PATH: what is printed is not read")
        with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
            file.write(self.tab.pdf(format="A4", landscape=True))
            file.flush()
            text = subprocess.run(["pdftotext", "-layout", file.name, "-"], check=True, capture_output=True).stdout
        return text.decode("utf-8").split("\f")[:-1]

    def foreign(self) -> list[str]:
        """Return what was asked for outside of the page itself."""
        return [url for url in self.asked if not url.startswith((self.address, "data:,", "about:"))]
