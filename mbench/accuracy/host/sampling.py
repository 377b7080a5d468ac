"""Which examples are asked where fewer than all are: the first of a seeded permutation; of faces, of their pairs."""

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.datasets.examples import PairedExamples, Pairs
from mbench.core.examples import Examples


def count_askable(examples: Examples) -> int:
    """Return how many can be asked: pairs of faces, else pictures."""
    return len(examples.pairs()) if isinstance(examples, PairedExamples) else len(examples)


def asks_all(examples: Examples, asked: int | None) -> bool:
    """Whether nothing is drawn: None stands for all of them."""
    return asked is None or asked >= count_askable(examples)


def drawn_pictures(examples: Examples, asked: int | None, seed: int) -> NDArray[np.intp]:
    """Return the indices of the pictures that `asked` questions are about, in the order in which they are asked.

    Of faces these are the pictures of the drawn pairs, each once: other pairs may lie within them that are not asked.
    All of them (None, or as many as there are questions) stay in the data set's order.
    """
    if not isinstance(examples, PairedExamples):
        return chosen_indices(len(examples), asked, seed)
    if asks_all(examples, asked):
        return np.arange(len(examples))
    pairs = [examples.pairs()[place] for place in chosen_indices(count_askable(examples), asked, seed)]
    return np.array([*dict.fromkeys(index for first, second, _ in pairs for index in (first, second))], np.intp)


def drawn_pairs(examples: PairedExamples, asked: int | None, seed: int) -> Pairs:
    """Return the pairs that are asked, in the order of their list, which folds follow."""
    places = chosen_indices(count_askable(examples), asked, seed)
    return tuple(examples.pairs()[place] for place in sorted(places))


def chosen_indices(total: int, asked: int | None, seed: int) -> NDArray[np.intp]:
    """Return `asked` of the numbers below `total`, in the order in which they are drawn.

    All of them (None, or as many as there are) stay in their order. Of the same seed, fewer are the first of more, so
    that a longer evaluation asks the shorter one's questions again. The permutation sorts raw words of PCG64, which
    are the same in every release of numpy.
    """
    if asked is None or asked >= total:
        return np.arange(total)
    words = np.random.PCG64(seed).random_raw(total)
    return np.argsort(words, kind="stable")[:asked]
