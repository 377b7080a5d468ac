"""What a scheduler carries: the name of this function and a part as text; everything else is on the host already."""

import json
from dataclasses import asdict

from mbench.core.parts import Part
from mbench.farm.door import get_worker
from mbench.farm.phone_worker import PhoneWorker


def text_of(part: Part, key: str) -> str:
    """Return a part as it travels, with the name of its task."""
    return json.dumps({"key": key, "part": asdict(part)})


def run_part(text: str) -> None:
    """Run a part on the host whose worker this is.

    Raises:
        PartFailed: it did not end well.
    """
    fields = json.loads(text)
    worker = get_worker()
    assert isinstance(worker, PhoneWorker)
    worker.run_part(fields["key"], fields["part"])
