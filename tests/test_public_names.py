import types

import taizhang

PUBLIC = {
    "AmplitudeNetwork",
    "Circuit",
    "CircuitError",
    "CircuitFileError",
    "ContractionTree",
    "CountedBitstrings",
    "Gate",
    "InputError",
    "LimitError",
    "MemoryLimitError",
    "MissingPackageError",
    "NetworkError",
    "NetworkShape",
    "NotBuiltError",
    "NumericalError",
    "Operation",
    "Order",
    "Plan",
    "PlanError",
    "Planner",
    "Profile",
    "SampleRun",
    "SizeLimitError",
    "TaizhangError",
    "TensorNetwork",
    "TimeLimitError",
    "UsageError",
    "Xeb",
    "amplitude",
    "amplitude_batch",
    "amplitudes",
    "contract",
    "from_cirq",
    "from_cotengra",
    "from_linear_path",
    "from_qiskit",
    "gate",
    "grid_circuit",
    "inspect",
    "marginal_probabilities",
    "plan",
    "plot_plan",
    "plot_xeb",
    "profile",
    "read_circuit",
    "read_network",
    "read_order",
    "read_samples",
    "reduced_density_matrix",
    "sample",
    "sample_run",
    "simplify",
    "state_vector",
    "sycamore_circuit",
    "to_cirq",
    "to_cotengra",
    "to_linear_path",
    "to_qiskit",
    "unitary_gate",
    "write_circuit",
    "write_network",
    "write_order",
    "xeb",
}


def test_the_public_names_are_these_and_no_others():
    public = {n for n, v in vars(taizhang).items() if not n.startswith("_") and not isinstance(v, types.ModuleType)}
    assert public - {"annotations"} == PUBLIC


def test_every_public_name_is_documented():
    for name in PUBLIC:
        assert getattr(taizhang, name).__doc__, name
