"""Judged nights on a disk, for tests of more than one room."""

from dataclasses import replace
from datetime import timedelta

from sample_results import BINARY, DEVICE, PROVENANCE, RULES
from sample_verdicts import finding, verdict

from mbench.core.nights.nights import Night
from mbench.core.nights.verdict_document import VerdictDocument
from mbench.core.nights.verdicts import Finding
from mbench.core.ports import utc_now
from mbench.core.results import DevicePlan, Plan
from mbench.store.nights import save_night
from mbench.store.session import create_session
from mbench.store.verdicts import save_verdict


def a_night(root, *, earlier_s: float = 0.0):
    """Return the folder of a night that began so many seconds ago."""
    now = utc_now() - timedelta(seconds=earlier_s)
    part = DevicePlan(device=DEVICE, binary=BINARY, rules=RULES, canary=None, jobs=())
    store = create_session(
        root,
        device="night",
        what="farm",
        now=now,
        plan_of=lambda name: Plan(session=name, created_at=now, provenance=PROVENANCE, devices=(part,)),
    )
    night = Night(
        session=store.plan.session,
        farm="farm",
        project="mobile",
        branch="main",
        date=now.date(),
        zone="UTC",
        begun_at=now,
        until=now,
        farm_sha256="a" * 64,
        phones={},
    )
    save_night(store.path, night)
    return store.path


def document(name: str, *findings: Finding) -> VerdictDocument:
    return VerdictDocument(session=name, verdict=replace(verdict(*(findings or (finding(),))), night=name))


def judged(root, *findings: Finding, earlier_s: float = 0.0):
    """Return the folder of a night that was judged."""
    path = a_night(root, earlier_s=earlier_s)
    save_verdict(path, document(path.name, *findings))
    return path
