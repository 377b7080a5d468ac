"""Users' own networks and their recipes, known by content; none of their code is run here.

What reads a network brings its libraries, and is imported where there is one.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Final

from mbench.core.builds.own_recipes import (
    EvaluatedOn,
    OwnCalibration,
    OwnCalibrationKind,
    OwnForm,
    OwnNetwork,
    OwnRecipe,
)
from mbench.core.builds.own_variants import OwnVariant
from mbench.core.builds.recipes import Weights
from mbench.core.builds.variants import CALIBRATED
from mbench.core.errors import ArtifactError, UsageError
from mbench.files.regular import GIB, MIB, read_regular
from mbench.models.tflite.toolchain import lacks_torch, toolchain
from mbench.workflows.build.own_calibration import calibration_for, own_calibration
from mbench.workflows.build.own_networks import OwnBuild, OwnSource, refuse_unevaluated, signed
from mbench.workflows.build.recipes import BuildInputs

LARGEST_FILE_BYTES: Final = 4 * GIB

_OF_TORCH: Final = frozenset({OwnForm.TORCH, OwnForm.TORCH_PROGRAM})

BUILDERS_OWN: Final = "builder"
"""`--weights builder`: what a user's builder sets by itself is trained."""


def own_recipes(builds: Sequence[OwnBuild], chosen: BuildInputs) -> dict[OwnVariant, OwnRecipe]:
    """Return each variant's recipe.

    Raises:
        UsageError: a network or examples that are not there, a file that is quantized already, or a search that goes
            by an accuracy which there is not.
    """
    if chosen.evaluator is None:
        refuse_unevaluated(builds)
    inputs = {source: inputs_of(source, chosen) for source in dict.fromkeys(one.source for one in builds)}
    networks = {source: _network(source, own) for source, own in inputs.items()}
    trained = {source: not source.form.built or own.weights not in (None, "none") for source, own in inputs.items()}
    calibrated = dict.fromkeys(one.source for one in builds if one.variant.quantization in CALIBRATED)
    alike = {(own.calibration, own.calibration_examples): own for own in map(inputs.__getitem__, calibrated)}
    described = {said: own_calibration(own) for said, own in alike.items()}
    calibrations = {
        one.variant: calibration_for(
            described[own.calibration, own.calibration_examples], one, own, trained=trained[one.source]
        )
        for one in builds
        for own in [inputs[one.source]]
        if one.variant.quantization in CALIBRATED
    }
    tools = {form: toolchain(torch=form in _OF_TORCH) for form in {source.form for source in networks}}
    recipes = {
        source: None if own.quantizer_recipe is None else quantizer_recipe(own.quantizer_recipe)
        for source, own in inputs.items()
    }
    found = {
        one.variant: OwnRecipe(
            variant=one.variant,
            network=replace(networks[one.source], arguments=one.arguments),
            trained=trained[one.source],
            calibration=calibrations.get(one.variant, OwnCalibration()),
            ends=inputs[one.source].ends,
            quantizer_recipe=recipes[one.source],
            keep_float=one.keep_float,
            evaluated_on=_evaluated_on(one, chosen),
            toolchain=tools[one.source.form],
        )
        for one in builds
    }
    for recipe in found.values():
        _refuse_without_accuracy(recipe)
    return found


def _evaluated_on(one: OwnBuild, chosen: BuildInputs) -> EvaluatedOn | None:
    if one.keep_float is None or not one.keep_float.accuracy or chosen.evaluator is None:
        return None
    return chosen.evaluator.evaluated_on


def _refuse_without_accuracy(recipe: OwnRecipe) -> None:
    """Refuse a search by the accuracy of what has none.

    Raises:
        UsageError: it says what to give.
    """
    if recipe.evaluated_on is None or (reason := own_latency_only(recipe)) is None:
        return
    given = "--calibration FOLDER, FILE.npz or FILE.py:NAME" if recipe.trained else "trained ones by --weights"
    raise UsageError(
        f"--keep-float auto:acc: {recipe.variant} has no accuracy to go by ({reason}): give {given}, or write auto:DB "
        "to go by signal to noise."
    )


def inputs_of(source: OwnSource, chosen: BuildInputs) -> BuildInputs:
    """Return what one network is built from: what its file says of it, else what holds for all."""
    said = {
        each.name: value for each in fields(source.asked) if (value := getattr(source.asked, each.name)) is not None
    }
    return replace(chosen, **said)


def quantizer_recipe(path: Path) -> str:
    """Return a recipe of litert-quantizer's own as JSON, written alike however its file is.

    Raises:
        UsageError: it is not one.
    """
    try:
        entries = json.loads(read_regular(path, limit_bytes=MIB))
    except OSError as error:
        raise UsageError(f"--recipe {path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--recipe {path} is not JSON: {error}.") from error
    wanted = {"regex", "operation", "algorithm_key"}
    if not isinstance(entries, list) or not all(isinstance(each, dict) and wanted <= each.keys() for each in entries):
        raise UsageError(f"--recipe {path} is not a recipe of litert-quantizer: a list of {', '.join(sorted(wanted))}.")
    if not entries:
        raise UsageError(f"--recipe {path} is an empty list, which quantizes nothing; ask for fp32 instead.")
    return json.dumps(entries, sort_keys=True)


def _network(source: OwnSource, chosen: BuildInputs) -> OwnNetwork:
    if source.form in _OF_TORCH and lacks_torch():
        raise UsageError(f"{source.said} needs litert-torch, which is not installed: pip install 'mbench[torch]'.")
    match source.form:
        case OwnForm.TFLITE:
            return replace(float_file(source), input_shapes=chosen.input_shapes)
        case OwnForm.KERAS:
            return replace(_keras_file(source, chosen), input_shapes=chosen.input_shapes)
        case OwnForm.BUILDER | OwnForm.TORCH:
            return replace(_builder(source, chosen), input_shapes=chosen.input_shapes)
        case OwnForm.TORCH_PROGRAM:
            return replace(_program(source), input_shapes=chosen.input_shapes)
        case OwnForm.SAVED_MODEL:
            from mbench.models.own.saved_model import saved_model_digest

            folder, signature = signed(source.said)
            return OwnNetwork(
                form=source.form,
                sha256=saved_model_digest(folder),
                source=str(folder.absolute()),
                signature=signature,
                input_shapes=chosen.input_shapes,
            )


def _builder(source: OwnSource, chosen: BuildInputs) -> OwnNetwork:
    from mbench.files.python_source import find_python

    torch = source.form is OwnForm.TORCH
    named = find_python(source.said, option="--torch" if torch else "--arch")
    if torch and chosen.weights not in (None, "none", BUILDERS_OWN):
        raise UsageError(f"--weights {chosen.weights}: load them in {named.name}, and say --weights {BUILDERS_OWN}.")
    return OwnNetwork(
        form=source.form,
        sha256=named.sha256,
        source=named.source,
        builder=named,
        seed=chosen.seed,
        weights=_own_weights(chosen.weights),
    )


def _program(source: OwnSource) -> OwnNetwork:
    path = Path(source.said)
    try:
        data = read_regular(path, limit_bytes=LARGEST_FILE_BYTES)
    except OSError as error:
        raise UsageError(f"--torch {path} cannot be read: {error.strerror}.") from error
    return OwnNetwork(form=source.form, sha256=hashlib.sha256(data).hexdigest(), source=str(path.absolute()))


def _own_weights(said: str | None) -> Weights | None:
    """Return the weights of a file for what a user's builder gives; None: it keeps its own.

    Raises:
        UsageError: weights that mbench has for its own networks alone.
    """
    if said in (None, "none", BUILDERS_OWN):
        return None
    if said in ("imagenet", "trained"):
        raise UsageError(
            f"--weights {said} is for mbench's networks; name a file, or {BUILDERS_OWN}, where yours sets weights."
        )
    from mbench.models.weights.weights import describe_file

    return describe_file(Path(str(said)))


def _keras_file(source: OwnSource, chosen: BuildInputs) -> OwnNetwork:
    path = Path(source.said)
    try:
        data = read_regular(path, limit_bytes=LARGEST_FILE_BYTES)
    except OSError as error:
        raise UsageError(f"--keras {path} cannot be read: {error.strerror}.") from error
    custom = None
    if chosen.custom_objects is not None:
        from mbench.files.python_source import find_python

        custom = find_python(chosen.custom_objects, option="--custom-objects")
    return OwnNetwork(
        form=source.form,
        sha256=hashlib.sha256(data).hexdigest(),
        source=str(path.absolute()),
        custom_objects=custom,
        allow_lambda=chosen.allow_lambda,
    )


def float_file(source: OwnSource) -> OwnNetwork:
    """Return a float `.tflite` file that is to be quantized.

    Raises:
        UsageError: it is quantized already.
        ArtifactError: it cannot be read, or is none.
    """
    from mbench.artifacts.flatbuffer import read_model
    from mbench.artifacts.inspection import read_bytes
    from mbench.artifacts.quantized import quantized_parts

    path = Path(source.said)
    data = read_bytes(path)
    try:
        parts = quantized_parts(read_model(data, source=source.said))
    except ArtifactError as error:
        raise UsageError(str(error)) from error
    if parts is not None:
        raise UsageError(
            f"{path} is quantized already ({parts}): only a float file can be quantized. Leave the quantization out to "
            "measure it as it is."
        )
    return OwnNetwork(form=source.form, sha256=hashlib.sha256(data).hexdigest(), source=str(path.absolute()))


def own_latency_only(recipe: OwnRecipe) -> str | None:
    """Return why the outputs of what is built mean nothing, or None where an accuracy can mean something."""
    reasons = [] if recipe.trained else [f"untrained weights (seed {recipe.network.seed})"]
    if recipe.calibration.kind is OwnCalibrationKind.SYNTHETIC:
        reasons.append("calibrated on synthetic examples")
    return " and ".join(reasons) or None
