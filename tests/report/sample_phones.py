"""Results of many phones for the tests of the report: synthetic, and the same each time."""

from collections.abc import Sequence

import sample_results as sample

from mbench.core.results import DeviceFacts, JobResult, Status

PIXEL_4 = DeviceFacts(
    serial="EMULATED01",
    profile="pixel4",
    emulated=True,
    invented=True,
    model="Pixel 4",
    soc="SM8150",
    os="Android 13",
    build="google/flame/flame:13/TP1A.221005.002.B2/9382335:user/release-keys",
    abi="arm64-v8a",
    cores=8,
)
PIXEL_6 = PIXEL_4.model_copy(
    update={
        "profile": "pixel6",
        "model": "Pixel 6",
        "soc": "Tensor",
        "build": "google/oriole/oriole:13/AP2A.240805.005/12025142:user/release-keys",
    }
)
ALPHAS = ("1.00", "0.75", "0.50", "0.25")
RULES = sample.RULES.model_copy(update={"cpus": (7, 6, 5, 4)})


def variant(alpha: str) -> str:
    return f"mobilenet_v1_{alpha}_224_int8"


def phone(number: int, model: DeviceFacts = PIXEL_4, **facts) -> DeviceFacts:
    return model.model_copy(update={"serial": f"EMULATED{number:02d}"} | facts)


def job(device: DeviceFacts, alpha: str = "1.00", medians_us: Sequence[int] | None = None, **changes) -> JobResult:
    """Return what one phone measured: 40 ms for the widest network, and a little more on each further phone."""
    number = sum(map(ord, device.serial)) % 17
    middle = int(40_000 * float(alpha)) + 37 * number
    medians_us = (middle - 40, middle, middle + 60) if medians_us is None else medians_us
    workload = sample.workload(variant(alpha), sha256=alpha.replace(".", "")[::-1].ljust(64, "a"))
    fields = {"device": device, "rules": RULES, "workload": workload, "job": f"job-{alpha}"}
    return sample.result(medians_us=medians_us, **(fields | changes))


def jobs(devices: Sequence[DeviceFacts], alphas: Sequence[str] = ALPHAS) -> list[JobResult]:
    return [job(device, alpha) for device in devices for alpha in alphas]


def failed(result: JobResult, error_class: str = "timeout") -> JobResult:
    message = "benchmark_model did not answer within 60 s"
    changes = {"status": Status.FAILED, "error_class": error_class, "message": message, "runs": ()}
    return result.model_copy(update=changes)
