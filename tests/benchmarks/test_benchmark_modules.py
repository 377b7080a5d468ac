"""Every module of `benchmarks/` can be imported; mypy looks at what they call."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
IMPORT_ALL = """
import pkgutil
from importlib import import_module

import benchmarks

OF_AN_EXTRA = {"cosmic_ray", "parso"}  # `mbench[mutation]`
for module in pkgutil.walk_packages(benchmarks.__path__, "benchmarks."):
    try:
        import_module(module.name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in OF_AN_EXTRA:
            raise
    print(module.name)
"""


def test_every_module_can_be_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL], cwd=ROOT, capture_output=True, encoding="utf-8", timeout=250, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    files = (ROOT / "benchmarks").rglob("*.py")
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in files}
    assert set(done.stdout.split()) == names - {"benchmarks"}
