"""Files of noise models: JSON, versioned, no code.

    {"version": 1, "after": [{"gate": "cx", "qubits": null, "channel": ["depolarizing2", 0.01]}]}

The keys `before`, `crosstalk`, `before_measurement`, `after_reset`, `readout` and `idle` hold such lists, too. A
channel is the name of a function of `taizhang.channels` with its numbers; `["kraus", [operators]]` has matrices of
[re, im].
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from taizhang._files import write_file
from taizhang._units import human_bytes
from taizhang.circuit import channels
from taizhang.circuit.channel import Channel
from taizhang.circuit.gates import gate
from taizhang.circuit.noise_model import NoiseModel, Rule
from taizhang.errors import CircuitError, SizeLimitError, TaizhangError

MAX_FILE_BYTES = 16 * 2**20
VERSION = 1
_NUMBERED: Mapping[str, Callable[..., Channel]] = {
    name: getattr(channels, name)
    for name in channels.__all__
    if name not in ("kraus", "superoperator", "chi", "choi", "coherent")
}
_LISTS = ("after", "before", "crosstalk", "before_measurement", "after_reset", "readout", "idle")


def read_noise_model(path: str | PathLike[str]) -> NoiseModel:
    """Reads a noise model from a JSON file.

    Raises:
        CircuitError: The file cannot be read, or is not a noise model.
        SizeLimitError: The file has more than 16 MiB.
    """
    source = str(path)
    try:
        with Path(path).open("rb") as file:
            text = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise CircuitError(f"the noise model '{source}' cannot be read: {error.strerror}; check its name") from error
    if len(text) > MAX_FILE_BYTES:
        raise SizeLimitError(f"{source} is too large; a noise model may have {human_bytes(MAX_FILE_BYTES)}")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CircuitError(f"the noise model '{source}' is not JSON ({error}); correct it") from None
    try:
        return noise_model_of(content)
    except TaizhangError as error:
        raise CircuitError(f"the noise model '{source}': {error}") from None


def write_noise_model(model: NoiseModel, path: str | PathLike[str]) -> None:
    """Writes a noise model as JSON, as `read_noise_model` reads it.

    Raises:
        CircuitError: A channel where qubits wait is none of `taizhang.channels`.
        OSError: The file cannot be written.
    """
    write_file(path, json.dumps(content_of(model)) + "\n")


def noise_model_of(content: Any) -> NoiseModel:
    """Makes a noise model of the content of a file.

    Raises:
        CircuitError: It is not a noise model.
    """
    if not isinstance(content, dict) or content.get("version") != VERSION or content.get("version") is True:
        raise CircuitError('it must be an object with "version": 1')
    unknown = next((key for key in content if key not in ("version", *_LISTS)), None)
    if unknown is not None:
        raise CircuitError(f"it has the unknown key {unknown!r:.40}; its keys are version, {', '.join(_LISTS)}")
    model = NoiseModel()
    for key in _LISTS:
        rows = content.get(key, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise CircuitError(f"'{key}' must be a list of objects")
        for row in rows:
            model = _with_row(model, key, row)
    return model


def _with_row(model: NoiseModel, key: str, row: Mapping[str, Any]) -> NoiseModel:
    qubits = row.get("qubits")
    if qubits is not None and not isinstance(qubits, list):
        raise CircuitError(f"qubits must be a list of numbers or null, got {qubits!r:.40}")
    if key == "readout":
        return model.readout(_number(row, "p01"), _number(row, "p10"), qubits=qubits)
    if key == "idle":
        make = _NUMBERED.get(str(row.get("channel")))
        durations = row.get("durations")
        if make is None or not isinstance(durations, dict):
            raise CircuitError("'idle' needs the name of a channel, a rate and durations of gates")
        return model.idle(make, rate=_number(row, "rate"), durations=durations)
    if key == "crosstalk":
        return model.crosstalk(_name(row), gate(*_named_numbers(row.get("with"), "with")), qubits=qubits)
    channel = _read_channel(row.get("channel"))
    if key == "before_measurement":
        return model.before_measurement(channel, qubits=qubits)
    if key == "after_reset":
        return model.after_reset(channel, qubits=qubits)
    put = model.after if key == "after" else model.before
    return put(_name(row), channel, qubits=qubits)


def _read_channel(given: Any) -> Channel:
    if isinstance(given, list) and len(given) == 2 and given[0] == "kraus":
        try:
            numbers = np.array(given[1], dtype=np.float64)
        except (TypeError, ValueError):
            numbers = np.zeros(0)
        if numbers.ndim != 4 or numbers.shape[-1] != 2:
            raise CircuitError("the operators of a 'kraus' channel must be matrices of pairs [re, im]")
        return channels.kraus(numbers[..., 0] + 1j * numbers[..., 1])
    name, *numbers_given = _named_numbers(given, "channel")
    make = _NUMBERED.get(name)
    if make is None:
        raise CircuitError(f"there is no channel '{name:.40}'; there are {', '.join(_NUMBERED)}, kraus")
    try:
        return make(*numbers_given)
    except TypeError:
        raise CircuitError(f"channel '{name}' does not take {len(numbers_given)} numbers") from None


def _named_numbers(given: Any, key: str) -> tuple[Any, ...]:
    if not isinstance(given, list) or not given or not isinstance(given[0], str):
        raise CircuitError(f"'{key}' must be a list of a name and numbers, got {given!r:.64}")
    if any(isinstance(number, bool) or not isinstance(number, (int, float)) for number in given[1:]):
        raise CircuitError(f"'{key}' must be a list of a name and numbers, got {given!r:.64}")
    return tuple(given)


def _number(row: Mapping[str, Any], key: str) -> float:
    number = row.get(key)
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise CircuitError(f"'{key}' must be a number, got {number!r:.40}")
    return float(number)


def _name(row: Mapping[str, Any]) -> str:
    name = row.get("gate")
    if not isinstance(name, str):
        raise CircuitError(f"'gate' must be the name of a gate, got {name!r:.40}")
    return name


def content_of(model: NoiseModel) -> dict[str, Any]:
    """The content of the file of a noise model."""
    content: dict[str, Any] = {"version": VERSION}
    for rule in model.rules:
        row: dict[str, Any] = {"qubits": None if rule.qubits is None else list(rule.qubits)}
        if rule.gate:
            row["gate"] = rule.gate
        if rule.place == "crosstalk":
            row["with"] = [rule.channel.name.removeprefix("coherent_"), *rule.channel.parameters]
        else:
            row["channel"] = _channel_content(rule)
        content.setdefault(rule.place, []).append(row)
    for reading in model.readouts:
        errors = reading.readout
        row = {"qubits": None if reading.qubits is None else list(reading.qubits)}
        row |= {"p01": errors.one_for_zero, "p10": errors.zero_for_one}
        content.setdefault("readout", []).append(row)
    for idle in model.idles:
        if _NUMBERED.get(idle.name) is not idle.make:
            raise CircuitError(f"the channel '{idle.name}' where qubits wait is none of taizhang.channels; name one")
        row = {"channel": idle.name, "rate": idle.rate, "durations": dict(idle.durations)}
        content.setdefault("idle", []).append(row)
    return content


def _channel_content(rule: Rule) -> Sequence[Any]:
    channel = rule.channel
    if channel.name in _NUMBERED:
        return [channel.name, *channel.parameters]
    return ["kraus", np.stack([channel.kraus.real, channel.kraus.imag], axis=-1).tolist()]
