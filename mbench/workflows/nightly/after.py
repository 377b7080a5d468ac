"""The user's own command at the end of a night."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from mbench.store.session_store import PLAN_FILE, REPORT_FILE
from mbench.store.verdicts import VERDICT_FILE
from mbench.workflows.nightly.farm_file import After
from mbench.workflows.nightly.night import EndedNight


def run_after(after: After, ended: EndedNight, *, exit_code: int, folder: Path) -> str | None:
    """Run a user's command and return why it did not end well, None where it did.

    It runs in the farm file's folder, with what the farm file says added to mbench's environment, and `MBENCH_NIGHT`
    (the session's folder), `MBENCH_PLAN`, `MBENCH_REPORT` (markdown), `MBENCH_VERDICT` (JSON; empty where the night was
    not judged), `MBENCH_END` and `MBENCH_EXIT_CODE`. Its output goes where mbench's stderr goes.

    Args:
        after: of the farm file.
        ended: the night.
        exit_code: that the night ends with.
        folder: the farm file's.
    """
    path = ended.store.path.resolve()
    environment = {
        **os.environ,
        **after.environment,
        "MBENCH_NIGHT": str(path),
        "MBENCH_PLAN": str(path / PLAN_FILE),
        "MBENCH_REPORT": str(path / REPORT_FILE),
        "MBENCH_VERDICT": str(path / VERDICT_FILE) if ended.judged is not None else "",
        "MBENCH_END": str(ended.end.end) if ended.end else "interrupted",
        "MBENCH_EXIT_CODE": str(exit_code),
    }
    what = after.command[0]
    try:
        process = subprocess.Popen(
            after.command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=2, start_new_session=True
        )
    except FileNotFoundError:
        return f"after the night: {what}: no such program, seen from {folder}; mend [after] command."
    except OSError as error:
        return f"after the night: {what} does not start: {error.strerror or error}; mend [after] command."
    try:
        status = process.wait(timeout=after.timeout_s)
    except BaseException as error:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # with all that it started and that stayed in its group
        process.wait()
        if not isinstance(error, subprocess.TimeoutExpired):
            raise
        return f"after the night: {what} was still running after {after.timeout_s} s and was ended."
    if status:
        return f"after the night: {what} ended with {status}; what it printed is above."
    return None
