"""What a kept score is found by."""

from mbench.accuracy.host.kept_scores import DOUBTS_VERSION, ScoreRequest
from mbench.core.examples import DatasetFacts, Split, Task


def test_a_score_that_was_not_asked_for_the_newest_doubts_is_not_found() -> None:
    facts = DatasetFacts(
        name="digits", task=Task.CLASSIFICATION, split=Split.TEST, sha256="0" * 64, examples=360, classes=10
    )
    request = ScoreRequest(
        artifact_sha256="1" * 64,
        dataset=facts,
        preprocessing="plain",
        label_offset=None,
        asked=None,
        seed=0,
        delegate="cpu",
        runtime="2.3.0",
    )
    before = request.model_copy(update={"doubts_version": DOUBTS_VERSION - 1})
    assert before.key() != request.key()
