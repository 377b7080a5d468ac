"""hostbench as a program of its own: what it loads, and how it says which one it is."""

from __future__ import annotations

import json
import re
import subprocess
import sys

from hostbench_runs import environment


def python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True
    ).stdout


def test_it_imports_nothing_of_mbench_but_itself_and_no_protos() -> None:
    modules = python("import sys, mbench.hostbench.benchmark; print(*sys.modules)").split()
    assert {name for name in modules if name.split(".")[0] == "mbench"} == {
        name for name in modules if name == "mbench" or name.startswith("mbench.hostbench")
    }
    assert "google.protobuf" not in modules
    assert "ai_edge_litert.schema_py_generated" not in modules


def test_its_manifest_names_it_without_loading_the_runtime() -> None:
    code = (
        "import json, sys, time; start = time.perf_counter()\n"
        "from mbench.hostbench.identity import program_manifest\n"
        "manifest = program_manifest()\n"
        "print(json.dumps([manifest, sorted(sys.modules), time.perf_counter() - start]))"
    )
    manifest, modules, seconds = json.loads(python(code))
    assert set(manifest) == {"name", "version", "python", "ai_edge_litert", "sha256"}
    assert re.fullmatch(r"[0-9a-f]{64}", manifest["sha256"])
    assert not {"numpy", "ai_edge_litert"} & set(modules)
    assert json.loads(python(code))[0] == manifest
    assert seconds < 1
