"""`python -m benchmarks mutation`: change each line that decides about a number, and see that a test fails.

python -m benchmarks mutation                            all modules of modules.toml, one after the other
python -m benchmarks mutation core/statistics schedule   those whose path ends so (without `.py`)
python -m benchmarks mutation --jobs 2                   two modules at a time

An interrupted run goes on where it was. Other tests start it again, unless `--added` says that none was taken out. The
result is kept in `benchmarks/mutation_result.json`; a module passes with nine in ten of all mutants killed and a reason
in `equivalent.toml` for each that survives.
"""

import argparse
import json
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.mutation.survivors import Findings, parse_reasons

FOLDER = Path(__file__).parent
RESULT = FOLDER.parent / "mutation_result.json"
WORK = FOLDER.parents[1] / "build/mutation"


def main(arguments: list[str]) -> int:
    """Mutate modules, keep and print what was found; 0 where all pass, 1 where one does not, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks mutation", description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="end of a module's path; default: all")
    parser.add_argument("--jobs", type=int, default=1, help="modules at a time, each in its own copy (default: 1)")
    parser.add_argument("--added", action="store_true", help="tests were only added: try survivors of before alone")
    parser.add_argument("--work", type=Path, default=WORK, help="folder of the sessions (default: build/mutation)")
    options = parser.parse_args(arguments)
    if find_spec("cosmic_ray") is None:
        parser.error("Cosmic Ray is not installed: pip install -e '.[test,mutation]'")
    table: dict[str, list[str]] = tomllib.loads((FOLDER / "modules.toml").read_text(encoding="utf-8"))
    chosen = [
        path for path in table if not options.modules or path.removesuffix(".py").endswith(tuple(options.modules))
    ]
    for name in options.modules:
        if not any(path.removesuffix(".py").endswith(name) for path in table):
            parser.error(f"{name} is not in {FOLDER / 'modules.toml'}")
    return _run({path: table[path] for path in chosen}, options.jobs, options.work.resolve(), added=options.added)


def _run(table: dict[str, list[str]], jobs: int, work: Path, *, added: bool) -> int:
    from benchmarks.mutation.session import MutationError

    failed = False
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        waiting = {pool.submit(_find, module, tests, work, added): module for module, tests in table.items()}
        for future in as_completed(waiting):
            try:
                findings = future.result()
            except MutationError as error:
                print(error, file=sys.stderr)
                failed = True
                continue
            _keep(findings)
            failed |= _print(findings)
    return int(failed)


def _find(module: str, tests: list[str], work: Path, added: bool) -> Findings:
    from benchmarks.mutation.session import run_session

    listed: dict[str, Any] = tomllib.loads((FOLDER / "equivalent.toml").read_text(encoding="utf-8"))
    reasons = parse_reasons(listed.get(module, []))
    seconds, mutants = run_session(module, tests, work, added=added)
    return Findings(module=module, tests=tuple(tests), test_seconds=seconds, mutants=tuple(mutants), reasons=reasons)


def _keep(findings: Findings) -> None:
    kept: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    listed = tomllib.loads((FOLDER / "modules.toml").read_text(encoding="utf-8"))
    measured = {"at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "cosmic_ray": version("cosmic-ray")}
    kept[findings.module] = {**measured, **findings.document()}
    ordered = {module: kept[module] for module in listed if module in kept}
    RESULT.write_text(f"{json.dumps(ordered, indent=1, ensure_ascii=False)}\n", encoding="utf-8")


def _print(findings: Findings) -> bool:
    """Print what was found; return whether the module fails."""
    faults = findings.faults()
    share = findings.killed / len(findings.mutants) if findings.mutants else 1.0
    print(
        f"{findings.module}: {findings.killed} of {len(findings.mutants)} mutants killed ({share:.1%}), "
        f"{len(findings.survivors)} survive; tests take {findings.test_seconds:.1f} s"
    )
    for fault in faults:
        print(f"  {fault}")
    for mutant in findings.unexplained:
        print(f"# line {mutant.line}, {mutant.operator}", f'[["{findings.module}"]]', sep="\n")
        for name in ("function", "before", "after"):
            print(f"{name} = {json.dumps(getattr(mutant, name), ensure_ascii=False)}")
        print('reason = ""')
    return bool(faults)
