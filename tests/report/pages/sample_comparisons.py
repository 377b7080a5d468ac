"""Comparisons for the tests of their page: slower, faster, unchanged, failed, of another program, scored, alone."""

import sample_results as sample
import sample_scores as scored
from compare_samples import compared, in_turn

from mbench.core.results import JobResult, Status
from mbench.report.compare.comparison import Comparison
from mbench.report.pages.comparison.comparison_page import comparison_page

STEADY = (10_000, 10_010, 9_990, 10_005, 9_995)
PHONE = sample.DEVICE.model_copy(update={"serial": "R58M12ABC", "model": "SM-G991B", "profile": "galaxy-s21"})


def net(name: str, factor: float = 1.0, medians_us=STEADY, **changes) -> JobResult:
    return sample.result(name, [round(each * factor) for each in medians_us], **changes)


def comparison() -> Comparison:
    """Return nine cells; in order of their rows: much, big, phone, same, scored, noisy, few, gone, other."""
    noisy = (10_000, 16_000, 7_000, 13_000, 9_000)
    failed = net("gone").model_copy(update={"status": Status.FAILED, "error_class": "timeout", "runs": ()})
    other = net("other").model_copy(update={"binary": sample.BINARY.model_copy(update={"tool": "tflite"})})
    right = scored.scored_result("scored", *range(30), sha256="1" * 64)
    wrong = scored.scored_result("scored", *range(60), sha256="2" * 64)
    old = [net("gone"), net("same"), net("noisy"), net("big"), net("much"), net("few", medians_us=(900, 910)), right]
    new = [failed, net("same"), net("noisy", 1.3, noisy), net("big", 0.8), net("much", 1.5)]
    new += [net("few", medians_us=(990, 1_000)), wrong]
    old += [net("phone", device=PHONE), net("other"), net("dropped")]
    new += [net("phone", 1.03, device=PHONE), other, net("added")]
    return compared(old, new)


def empty() -> Comparison:
    return compared([net("a")], [net("b")])


def one_pair() -> Comparison:
    blocks = [(1000.0 * place, 1020.0 * place) for place in range(10, 18)]
    return in_turn(net("a"), net("a", 1.02), blocks)


def page(found: Comparison, command: str = "mbench compare old new --format html") -> str:
    return comparison_page(found, command=command).decode("utf-8")
