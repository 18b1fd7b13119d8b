import ast
import subprocess
import sys
from pathlib import Path

import pytest

import taizhang

PUBLIC = {
    "AmplitudeNetwork",
    "TrajectoryValues",
    "estimate_expectation",
    "density_matrix",
    "fidelity",
    "probabilities",
    "probability",
    "purity",
    "Channel",
    "NoiseModel",
    "channels",
    "read_noise_model",
    "readout",
    "write_noise_model",
    "Circuit",
    "CircuitError",
    "CircuitFileError",
    "CircuitFileWarning",
    "ContractionTree",
    "CountedBitstrings",
    "FrugalOptions",
    "Energy",
    "Gate",
    "I",
    "InputError",
    "LimitError",
    "LoopWarning",
    "MachineReport",
    "MachineWarning",
    "MemoryLimitError",
    "MissingPackageError",
    "NetworkError",
    "NetworkShape",
    "NotBuiltError",
    "NumericalError",
    "Observable",
    "Operation",
    "Order",
    "Parameter",
    "ParameterExpression",
    "ParametricGate",
    "Plan",
    "PlanError",
    "Planner",
    "ProblemError",
    "Profile",
    "Qaoa",
    "QaoaOptimum",
    "QaoaSamples",
    "SampleRun",
    "Contraction",
    "einsum",
    "LogicalChannel",
    "LogicalChannels",
    "LogicalQubit",
    "logical_channel",
    "StabilizerCode",
    "rotated_surface_code",
    "equivalence",
    "unitary",
    "inner",
    "Decoded",
    "Decoder",
    "DetectorError",
    "DetectorModel",
    "read_detector_model",
    "RunBusyError",
    "RunDamagedError",
    "RunError",
    "RunFolderError",
    "RunStatus",
    "RunStoppedError",
    "RunStorageError",
    "SearchInterrupted",
    "SizeLimitError",
    "TaizhangError",
    "TensorNetwork",
    "TimeLimitError",
    "UsageError",
    "Verification",
    "Wcsp",
    "Workforce",
    "X",
    "Xeb",
    "Y",
    "Z",
    "amplitude",
    "amplitude_batch",
    "choose_open_qubits",
    "amplitudes",
    "contract",
    "contract_gradient",
    "covariance",
    "doctor",
    "expectation",
    "from_cirq",
    "from_pennylane",
    "from_cotengra",
    "from_linear_path",
    "from_qiskit",
    "from_quimb",
    "gate",
    "grid_circuit",
    "independent_set",
    "inspect",
    "ising",
    "marginal_probabilities",
    "max_sat",
    "maxcut",
    "observable_from_cirq",
    "observable_from_openfermion",
    "observable_from_pennylane",
    "observable_from_qiskit",
    "observable_to_cirq",
    "observable_to_openfermion",
    "observable_to_pennylane",
    "observable_to_qiskit",
    "plan",
    "plot_plan",
    "plot_profile",
    "plot_xeb",
    "profile",
    "qaoa",
    "qaoa_circuit",
    "qubo",
    "random_grid",
    "random_sycamore",
    "read_circuit",
    "read_network",
    "read_observables",
    "read_order",
    "read_problem",
    "report",
    "resume",
    "run",
    "read_samples",
    "reduced_density_matrix",
    "sample",
    "sample_run",
    "set_progress",
    "simplify",
    "state_vector",
    "status",
    "sycamore_circuit",
    "to_cirq",
    "to_cotengra",
    "to_linear_path",
    "to_qiskit",
    "to_quimb",
    "unitary_gate",
    "variance",
    "verify",
    "work",
    "write_circuit",
    "write_network",
    "write_order",
    "write_problem",
    "xeb",
}


def exported() -> dict[str, str]:
    """Public names and their modules, as type checkers see them."""
    body = ast.parse(Path(taizhang.__file__).read_text(encoding="utf-8")).body
    block = next(node for node in body if isinstance(node, ast.If))
    assert ast.unparse(block.test) == "TYPE_CHECKING"
    names = {}
    for node in block.body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                assert alias.asname == alias.name, "re-exported names are written twice"
                is_module = alias.name in taizhang._MODULES
                names[alias.name] = f"{node.module}.{alias.name}" if is_module else str(node.module)
    return names


def test_the_public_names_are_these_and_no_others():
    assert set(taizhang.__all__) == PUBLIC
    assert set(dir(taizhang)) - {name for name in dir(taizhang) if name.startswith("__")} == PUBLIC
    assert "__version__" in dir(taizhang)


def test_type_checkers_see_the_names_that_are_imported():
    assert exported() == {name: taizhang._MODULE_OF[name] for name in taizhang.__all__}


def test_every_public_name_is_documented():
    for name in PUBLIC:
        assert getattr(taizhang, name).__doc__, name


def test_no_inner_module_hides_a_public_name():
    first = "import taizhang.plan.tree, taizhang.api.amplitudes, taizhang as tz; from taizhang import plan; "
    then = "assert callable(tz.plan) and plan is tz.plan; import taizhang.plan.cost; assert callable(tz.plan)"
    code = first + then
    subprocess.run([sys.executable, "-c", code], check=True)


def test_star_imports_public_names_alone():
    names: dict[str, object] = {}
    exec("from taizhang import *", names)
    assert set(names) - {"__builtins__"} == PUBLIC


def test_unknown_names_are_reported_as_python_does():
    with pytest.raises(AttributeError, match="module 'taizhang' has no attribute 'amplitud'") as raised:
        _ = taizhang.amplitud
    assert raised.value.name == "amplitud"
    with pytest.raises(ImportError, match="cannot import name 'amplitud'"):
        exec("from taizhang import amplitud")


def test_the_version_is_that_of_the_package():
    root = Path(__file__).parents[1]
    assert f'version = "{taizhang.__version__}"' in (root / "Cargo.toml").read_text(encoding="utf-8")
    assert f"version: {taizhang.__version__}" in (root / "CITATION.cff").read_text(encoding="utf-8")
    assert f"## {taizhang.__version__}" in (root / "CHANGELOG.md").read_text(encoding="utf-8")
