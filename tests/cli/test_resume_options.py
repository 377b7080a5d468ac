"""What may stand beside `--resume`: a plan that exists has settled the rest, and nothing is passed over in silence."""

from command_line import SMALL

SETTLED = [
    *(["--device", "host"], ["--every"], ["--suite", "mobilenets/table-6"], ["--sweep", "alpha"], ["--threads", "4"]),
    *(["--arch", "mobilenet_v1"], ["--weights", "none"], ["--seed", "0"], ["--dataset", "digits"], ["--quick"]),
    *(["--runs", "3"], ["--min-secs", "9"], ["--max-secs", "1"], ["--cpus", "0"], ["--flavour", "litert"]),
    *(
        ["--fixed-performance"],
        ["--governor", "performance"],
        ["--against", "old.tflite"],
        ["--dry-run"],
        ["--workers", "1"],
    ),
]
"""Some are at their defaults and some contradict each other: they are refused for standing there."""


def test_an_option_that_a_plan_has_settled_is_refused_by_its_name(bare):
    done = bare("run", "--resume", "last", "--flavour", "litert")
    assert done.returncode == 2
    assert done.stderr == (
        "mbench: --resume goes on with what the session's plan says; leave --flavour out, or start a new run.\n"
    )


def test_all_that_would_be_passed_over_is_named_at_once(bare):
    done = bare("run", "--resume", "last", SMALL, *(word for option in SETTLED for word in option), "--json")
    named = ", ".join(["VARIANT", *(option[0] for option in SETTLED)])
    assert (done.returncode, f"leave {named} out" in done.stderr) == (2, True), done.stderr


def test_what_no_plan_says_is_taken(bare):
    taken = ["--adb-server", "127.0.0.1:1", "--wait-for-phone", "1", "--format", "json", "--json", "--quiet"]
    done = bare("run", "--resume", "last", "--results", "nowhere", *taken)
    assert (done.returncode, "nowhere" in done.stderr) == (2, True)


def test_help_says_what_may_stand_beside_it(bare):
    said = " ".join(bare("run", "--help").stdout.split())
    assert (
        "takes --results, --adb-server, --wait-for-phone, --failed, --predictions, --format, --columns, --json and "
        "--quiet only" in said
    )
