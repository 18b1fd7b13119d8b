"""Options are defined in one table: everything derived from it agrees with it."""

import dataclasses
import inspect
import re
import typing

import click
import numpy as np
import pytest

import taizhang as tz
from taizhang.api.runs import ResumeKeywords, RunKeywords, WorkKeywords
from taizhang.api.samples import SampleKeywords
from taizhang.cli.command_table import COMMANDS
from taizhang.cli.main import taizhang_command
from taizhang.options import types_of
from taizhang.runs.run import WORKFORCE
from taizhang.sampling.frugal import FRUGAL, FrugalKeywords
from taizhang.settings import OPTIONS, ChoiceOptions, Options, SearchOptions, Settings, VerifyOptions

ROWS = {row.name: row for row in (*OPTIONS, *FRUGAL, *WORKFORCE)}
TAKEN = {
    "amplitude": Options,
    "amplitude_batch": Options,
    "amplitudes": Options,
    "choose_open_qubits": ChoiceOptions,
    "contract": Options,
    "marginal_probabilities": Options,
    "plan": SearchOptions,
    "profile": Options,
    "reduced_density_matrix": Options,
    "resume": ResumeKeywords,
    "run": RunKeywords,
    "sample": SampleKeywords,
    "sample_run": SampleKeywords,
    "state_vector": Options,
    "verify": VerifyOptions,
    "work": WorkKeywords,
    "xeb": Options,
    "Planner": SearchOptions,
}
BELL = tz.Circuit(2).append("h", 0).append("cx", 0, 1)


def commands():
    for name in COMMANDS:
        command = taizhang_command.get_command(click.Context(taizhang_command), name)
        yield from command.commands.values() if isinstance(command, click.Group) else [command]


def test_the_tables_and_the_typed_keywords_have_the_same_options():
    assert set(types_of(Options)) == {row.name for row in OPTIONS}
    assert set(types_of(FrugalKeywords)) == {row.name for row in FRUGAL}
    frozen = {field.name: field.default for field in dataclasses.fields(tz.FrugalOptions)}
    assert frozen == {row.name: row.default for row in FRUGAL}
    assert set(types_of(RunKeywords)) - set(types_of(Options)) == {row.name for row in WORKFORCE}
    assert len(ROWS) == len(OPTIONS) + len(FRUGAL) + len(WORKFORCE)


@pytest.mark.parametrize(("name", "keywords"), TAKEN.items())
def test_signature_hints_and_docstring_hold_every_option(name, keywords):
    function = getattr(tz, name)
    parameters = inspect.signature(function).parameters
    assert not any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters.values())
    hints = typing.get_type_hints(function.__init__ if isinstance(function, type) else function)
    assert "options" not in hints
    doc = " ".join(function.__doc__.split())
    for option, kind in types_of(keywords).items():
        assert parameters[option].default == ROWS[option].default
        assert parameters[option].annotation == hints[option] == kind
        assert f"{option}: {ROWS[option].help}" in doc


def test_no_public_function_has_keywords_that_nobody_can_see():
    for name in dir(tz):
        value = getattr(tz, name)
        if inspect.isfunction(value) and value.__module__.startswith("taizhang"):
            kinds = {each.kind for each in inspect.signature(value).parameters.values()}
            assert inspect.Parameter.VAR_KEYWORD not in kinds, name
            typing.get_type_hints(value)


def test_the_command_line_has_the_options_of_the_tables_and_says_the_same_of_them():
    seen = set()
    for command in commands():
        for option in command.params:
            row = ROWS.get(option.name)
            if row is not None and getattr(option, "group", None) == row.group:
                seen.add(row.name)
                assert row.flag in option.opts
                assert option.help.startswith(row.help)
                assert option.default in (None, False) or type(option.default).__name__ == "Sentinel"
    assert seen == {row.name for row in ROWS.values() if row.in_shell}


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: row.name)
def test_defaults_can_be_given_and_what_cannot_be_is_refused_in_one_sentence(row):
    row.check(row.default)
    if row.name in ("executor", "cluster"):
        return
    for wrong in ([], object(), "no such thing", -1, float("nan"), 1j):
        with pytest.raises(tz.UsageError, match=f"^{row.name} must be ") as refused:
            row.check(wrong)
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "same"),
    [
        ({"seed": np.int64(3)}, {"seed": 3}),
        ({"threads": np.uint8(2)}, {"threads": 2}),
        ({"trials": np.int32(4)}, {"trials": 4}),
        ({"width": np.float32(20)}, {"width": 20}),
        ({"width": np.int64(20)}, {"width": 20}),
        ({"memory": np.int64(1 << 30)}, {"memory": "1GiB"}),
        ({"memory": "8Gi"}, {"memory": "8GiB"}),
        ({"memory": "500M"}, {"memory": "500MB"}),
        ({"memory": "8G"}, {"memory": "8GB"}),
        ({"plan_time": np.float64(2)}, {"plan_time": "2s"}),
        ({"objective": "multiply-adds"}, {"objective": "multiply_adds"}),
        ({"time_limit": np.int16(60)}, {"time_limit": "1m"}),
    ],
)
def test_an_option_is_accepted_as_people_have_it(given, same):
    base = {"memory": "4GiB", "trials": None}
    assert Settings.checked(**{**base, **given}) == Settings.checked(**{**base, **same})


@pytest.mark.parametrize("wrong", [True, 2.0, "2", np.array([1, 2]), 1.5, 0, 10**6])
def test_threads_are_a_whole_number(wrong):
    with pytest.raises(tz.UsageError, match="threads must be a whole number from 1 to 4096, got "):
        Settings.checked(threads=wrong)


def test_no_seed_is_a_new_seed_each_time():
    seeds = {Settings.checked(seed=None).seed for _ in range(3)}
    assert len(seeds) == 3
    assert all(0 <= seed < 2**63 for seed in seeds)
    draws = {tz.sample(tz.Circuit(40).append("h", 0), 64, seed=None).tobytes() for _ in range(3)}
    assert len(draws) == 3


def test_memory_is_none_until_a_limit_is_made_of_it():
    assert Settings.checked().memory is None
    assert Settings.checked(width=20).objective == "multiply_adds"
    given = Settings.checked(width=20, memory="2GiB")
    assert (given.memory, given.memory_bytes, given.objective) == (2 << 30, 2 << 30, "seconds")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: tz.amplitude(BELL, "00", memroy="1GiB"), "there is no option 'memroy'; did you mean memory?"),
        (lambda: tz.sample(BELL, 3, fidelty=1.0), "there is no option 'fidelty'; did you mean fidelity?"),
        (lambda: tz.plan(BELL, open_qubit=[0]), "there is no option 'open_qubit'; did you mean open_qubits?"),
        (lambda: tz.Planner(sed=1), "there is no option 'sed'; did you mean seed?"),
        (lambda: tz.contract(None, thread=1), "there is no option 'thread'; did you mean threads?"),
        (lambda: tz.Planner(time_limit="1h"), "Planner does not read the option 'time_limit'; it takes dtype, "),
        (lambda: Settings.checked(xyzzy=1), "there is no option 'xyzzy'; the options are dtype, memory, "),
    ],
)
def test_a_misspelt_keyword_is_named_with_the_one_that_is_meant(call, said):
    with pytest.raises(tz.UsageError, match=re.escape(said)):
        call()


def test_frugal_options_are_given_whole_or_one_by_one():
    circuit = tz.grid_circuit(3, 3, 16, seed=3)
    whole = tz.sample(circuit, 20, method=tz.FrugalOptions(batch_qubits=4), seed=1, trials=1)
    single = tz.sample(circuit, 20, method="frugal", batch_qubits=4, seed=1, trials=1)
    assert whole.tobytes() == single.tobytes()
    with pytest.raises(tz.UsageError, match="per_batch was given beside FrugalOptions as method; give one of the two"):
        tz.sample(circuit, 20, method=tz.FrugalOptions(batch_qubits=4), per_batch=2)
    with pytest.raises(tz.UsageError, match="both plan_time and trials were given"):
        tz.amplitude(BELL, "00", plan_time="1s", trials=1)


def test_an_assumed_limit_is_not_used_up_by_what_else_the_process_holds(monkeypatch):
    monkeypatch.setattr("taizhang.settings.needed_bytes", lambda: 3 << 30)
    assert Settings.checked(trials=1).modest().free_bytes() > 1 << 30
    with pytest.raises(tz.MemoryLimitError, match="the program itself needs"):
        Settings.checked(trials=1, memory="2GiB").free_bytes()
