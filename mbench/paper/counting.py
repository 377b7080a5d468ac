"""Counting rules: what the paper's figures include, and what of a built file answers to that.

One rule fits Tables 4 to 10 wherever they can be reproduced at all: multiply-adds of convolutions, depthwise
convolutions and fully connected layers; parameters are weights and biases, without batch norm.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final


class Rule(StrEnum):
    """What is counted.

    `all` everything in the file; `body` without fully connected layers, and of parameters the weights alone; `flops`
    two for each multiply-add; `weights` without biases; `unfolded` weights and biases, without the biases that batch
    norm leaves in a file.
    """

    ALL = "all"
    BODY = "body"
    FLOPS = "flops"
    WEIGHTS = "weights"
    UNFOLDED = "unfolded"


MULT_ADDS_WORDS: Final = {
    Rule.ALL: "with fully connected layers",
    Rule.BODY: "without fully connected layers",
    Rule.FLOPS: "as floating-point operations, two for each multiply-add",
}

PARAMETER_WORDS: Final = {
    Rule.ALL: "weights and biases, the folded batch norm included",
    Rule.BODY: "weights without fully connected layers",
    Rule.WEIGHTS: "weights without biases",
    Rule.UNFOLDED: "weights and biases, without batch norm",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What was counted from the file of one network; None where an operator of it cannot be counted.

    Attributes:
        connected_mult_adds: of fully connected layers, likewise `connected_weights` and `connected_biases`.
    """

    mult_adds: int | None
    connected_mult_adds: int | None
    weights: int | None
    connected_weights: int | None
    biases: int | None
    connected_biases: int | None

    def mult_adds_by(self, rule: Rule) -> int | None:
        """Return the multiply-adds by a rule."""
        if rule is Rule.BODY:
            return _difference(self.mult_adds, self.connected_mult_adds)
        if rule is Rule.FLOPS:
            return None if self.mult_adds is None else 2 * self.mult_adds
        return self.mult_adds

    def parameters_by(self, rule: Rule, *, batch_norm: bool) -> int | None:
        """Return the parameters by a rule.

        Args:
            rule: which.
            batch_norm: whether the biases of convolutions are what is left of batch norm.
        """
        if rule is Rule.BODY:
            return _difference(self.weights, self.connected_weights)
        if rule is Rule.WEIGHTS:
            return self.weights
        if rule is Rule.UNFOLDED and batch_norm:
            return _sum(self.weights, self.connected_biases)
        return _sum(self.weights, self.biases)


def together(parts: Sequence[Counts]) -> Counts:
    """Return the counts of networks that run one after the other."""
    return Counts(**{each.name: _sum(*(getattr(part, each.name) for part in parts)) for each in fields(Counts)})


def _sum(*numbers: int | None) -> int | None:
    return None if None in numbers else sum(number for number in numbers if number is not None)


def _difference(whole: int | None, part: int | None) -> int | None:
    return None if whole is None or part is None else whole - part
