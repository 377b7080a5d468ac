"""The port by which a search asks how much files get right; whoever opens data sets implements it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from mbench.core.builds.own_recipes import EvaluatedOn
from mbench.core.scores import Score

AskFile = Callable[[bytes], Score]
"""From a `.tflite` file to its score on the examples of `FloatEvaluator.evaluated_on`.

It raises ArtifactError where the file has none.
"""


class FloatEvaluator(Protocol):
    """A plain value that travels to the process that searches, and opens the data set there."""

    @property
    def evaluated_on(self) -> EvaluatedOn:
        """What is asked, by content."""

    def opened(self) -> AbstractContextManager[AskFile]:
        """Yield what asks files, as long as the block runs.

        Raises:
            ArtifactError: the data set cannot be read any more.
        """
