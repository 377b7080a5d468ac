"""`mbench inspect A B --errors`: two files of one network compared tensor by tensor, in a worker process."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mbench.accuracy.host.pool import HostPool, WorkerDied
from mbench.artifacts.flatbuffer import read_model
from mbench.artifacts.inspection import Inspection, read_bytes
from mbench.artifacts.layer_errors import LayerErrors, layer_errors
from mbench.artifacts.quantized import quantized_parts
from mbench.core.builds.own_recipes import OwnCalibration, OwnCalibrationKind, OwnForm
from mbench.core.builds.own_variants import OwnVariant
from mbench.core.builds.variants import Quantization
from mbench.core.errors import ArtifactError, UsageError
from mbench.core.processes.workers import errors_alone
from mbench.core.workloads import Document
from mbench.files.printed import printed_log
from mbench.models.own.examples import read_examples
from mbench.models.own.float_file import open_float_file
from mbench.report.model_files.error_table import error_table
from mbench.report.render.markdown import table_markdown
from mbench.report.render.text_table import TableValues
from mbench.workflows.build.own_calibration import calibration_for, own_calibration
from mbench.workflows.build.own_networks import OwnBuild, OwnSource
from mbench.workflows.build.recipes import BuildInputs
from mbench.workflows.home import home

OTHERWISE: Final = "name examples by --calibration FILE.npz or FILE.py:NAME"


class ComparedFiles(Document):
    """What `--errors --json` prints.

    Attributes:
        reference: the float file, by name and SHA-256.
        quantized: likewise.
        source: of the examples.
    """

    reference: str
    reference_sha256: str
    quantized: str
    quantized_sha256: str
    source: str
    errors: LayerErrors


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorsRequest:
    """Two files and what they are run on."""

    reference: Path
    quantized: Path
    calibration: OwnCalibration
    log: Path
    timeout_s: float


def compare_layers(
    first: Inspection, second: Inspection, paths: tuple[Path, Path], chosen: BuildInputs
) -> ComparedFiles:
    """Return the errors of one file against the other, whichever is the float one; the first, if both are.

    Raises:
        UsageError: both are quantized, or the examples are not there.
        ArtifactError: a file or the examples cannot be used.
    """
    pairs = [(first, paths[0]), (second, paths[1])]
    floats = [quantized_parts(read_model(read_bytes(path), source=str(path))) is None for _, path in pairs]
    if not any(floats):
        raise UsageError(f"{first.name} and {second.name} are both quantized; name the float file of one.")
    (reference, source), (quantized, other) = pairs if floats[0] else pairs[::-1]
    calibration = own_calibration(chosen)
    one = OwnBuild(
        source=OwnSource(form=OwnForm.TFLITE, said=str(source)),
        variant=OwnVariant(network="float", quantization=Quantization.INT8),
    )
    calibration = calibration_for(calibration, one, chosen, trained=False)
    request = ErrorsRequest(
        reference=source,
        quantized=other,
        calibration=calibration,
        log=home() / "build_logs" / "inspect-errors.log",
        timeout_s=chosen.build_timeout_s,
    )
    try:
        with HostPool(1) as pool:
            ((_, errors),) = pool.run(errors_of, [request])
    except WorkerDied as error:
        raise ArtifactError(f"the process that ran {reference.name} and {quantized.name} {error}.") from error
    return ComparedFiles(
        reference=reference.name,
        reference_sha256=reference.sha256,
        quantized=quantized.name,
        quantized_sha256=quantized.sha256,
        source=_said(calibration),
        errors=errors,
    )


@errors_alone()
def errors_of(request: ErrorsRequest) -> LayerErrors:
    """Return the errors of a quantized file; called in a worker process.

    Raises:
        MbenchError: a file or the examples cannot be used.
    """
    with printed_log(request.log):
        opened = open_float_file(read_bytes(request.reference))
        examples, _ = read_examples(request.calibration, opened.inputs, probes=0, timeout_s=request.timeout_s)
        return layer_errors(opened.data, read_bytes(request.quantized), examples)


def tables(compared: ComparedFiles) -> tuple[TableValues, ...]:
    """Return the table of errors."""
    errors = compared.errors
    return (
        error_table(
            f"{compared.quantized} against {compared.reference}",
            errors.layers,
            examples=errors.examples,
            unmatched=errors.unmatched,
            source=compared.source,
        ),
    )


def markdown(compared: ComparedFiles) -> str:
    """Return the table as markdown."""
    return "\n".join(table_markdown(table) for table in tables(compared))


def _said(calibration: OwnCalibration) -> str:
    match calibration.kind:
        case OwnCalibrationKind.SYNTHETIC:
            return f"synthetic, seed {calibration.seed}: {OTHERWISE}"
        case OwnCalibrationKind.CODE:
            return str(calibration.code)
        case _:
            return str(calibration.source)
