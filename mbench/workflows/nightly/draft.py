"""A farm file's first draft: of the phones that are attached, else of this host."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mbench.core.errors import NoDevice, UsageError
from mbench.files.disk import disk_errors
from mbench.files.whole import write_new
from mbench.workflows.devices.device_list import list_statuses

DRAFT: Final = """\
# What is measured every night, on which phones and in which hours.
# `mbench nightly {name} --dry-run` prints the plan; `mbench nightly {name}` measures it.

project = "{project}"
# branch = "main"
# due = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]   # a night that never began then is reported
# results = "results"                                       # relative to this file

[window]
until = "06:00"          # local time; or hours = 7.5
# zone = "Europe/Berlin" # else this host's
{groups}
[[measure]]
variants = ["mobilenet_v1_0.25_128_int8", "mobilenet_v1_0.50_160_int8"]
# models = [{{ file = "models/mine.tflite", as = "mine" }}]   # `as`: the name under which its history goes on
# suite = "mobilenets/table-6"                              # or a suite, in a [[measure]] of its own
# sweep = ["alpha=0.25,0.5", "resolution"]                  # or a sweep
# groups = ["..."]                                          # else all

[settings]               # as the options of `mbench run`
# runs = 5
# memory_runs = 3

# [accuracy]
# dataset = "digits"

# [after]
# command = ["./tell.sh"]   # gets MBENCH_NIGHT, MBENCH_REPORT, MBENCH_END, MBENCH_EXIT_CODE
# environment = {{ CHANNEL = "benchmarks" }}
"""


def write_draft(path: Path, adb_servers: Sequence[str]) -> str:
    """Write a farm file for what is attached, and return what that is.

    Raises:
        DiskError: it could not be written.
        TransportError: an adb server does not answer.
        UsageError: there is a file already.
    """
    try:
        statuses = list_statuses(adb_servers)
    except NoDevice:
        statuses = ()
    profiles = Counter(one.profile for one in statuses if one.profile is not None and " " not in one.profile)
    alone = [one.serial for one in statuses if one.profile is None or " " in one.profile]
    groups = "".join(_group(profile, f'profile = "{profile}"\nevery = true') for profile in sorted(profiles))
    groups += "".join(_group(f"phone-{number}", f'device = "{serial}"') for number, serial in enumerate(alone, start=1))
    groups = groups or _group("host", 'device = "host"  # no phone is attached')
    text = DRAFT.format(name=path.name, project=path.resolve().parent.name or "project", groups=groups)
    with disk_errors("write", path, otherwise="choose another folder"):
        if not write_new(path, text.encode(), fsync=False):
            raise UsageError(f"{path} is there already; it is left as it is.")
    found = [f"{count} x {profile}" for profile, count in sorted(profiles.items())]
    return ", ".join([*found, *alone]) or "no phone is attached, so it measures this host"


def _group(name: str, what: str) -> str:
    return f'\n[phones.{name}]\n{what}\n# delegates = ["cpu"]\n'
