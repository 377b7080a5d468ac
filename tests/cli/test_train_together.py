"""`mbench train --distribute`: processes of this machine train one network together."""

import json

import pytest
from command_line import Command

pytestmark = pytest.mark.tensorflow


@pytest.mark.slow
def test_parameter_servers_and_workers_of_this_machine_train_one_network_together(bare: Command) -> None:
    trained = bare(
        *("train", "--dataset", "digits", "--alpha", "0.25", "--epochs", "1", "--json", "-q"),
        *("--distribute", "parameter-server", "--workers", "2", "--ps", "1"),
    )

    assert trained.returncode == 0, trained.stderr
    (row,) = json.loads(trained.stdout)
    assert row["record"]["recipe"]["distribution"] == "parameter-server"
    assert row["record"]["recipe"]["workers"] == 2
    assert row["record"]["epochs"][0]["loss"] < 3.5
