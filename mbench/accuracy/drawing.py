"""Which examples are asked where fewer than all are: the first of a seeded permutation."""

import numpy as np
from numpy.typing import NDArray


def chosen_indices(total: int, asked: int | None, seed: int) -> NDArray[np.intp]:
    """Return the indices of `asked` of `total` examples, in the order in which they are asked.

    All of them (None, or as many as there are) stay in the data set's order. Of the same seed, fewer are the first of
    more, so that a longer evaluation asks the shorter one's questions again. The permutation sorts raw words of PCG64,
    which are the same in every release of numpy.
    """
    if asked is None or asked >= total:
        return np.arange(total)
    words = np.random.PCG64(seed).random_raw(total)
    return np.argsort(words, kind="stable")[:asked]
