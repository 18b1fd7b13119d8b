"""The benchmark cases: circuits and networks of the shared folder, or generated ones without it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import taizhang as tz
from taizhang.network.network_file import write_arrays

SHARED = Path(os.environ.get("TAIZHANG_SHARED", Path(__file__).resolve().parents[1] / ".." / "shared")).resolve()


def networks(folder: Path, *, quick: bool) -> dict[str, Path]:
    """Network files by name."""
    all_names = ["syc_m12", "syc_m20", "grcs_8x8_d40", "bris70_d32", "qaoa_n120_p4"]
    return networks_named(["syc_m10", "qaoa_n120_p4"] if quick else all_names, folder)


def networks_named(names: Sequence[str], folder: Path) -> dict[str, Path]:
    """The existing network files of these names, or generated ones."""
    files = {name: path for name in names if (path := SHARED / "networks" / f"{name}.json").exists()}
    if files:
        return files
    generated = {
        "sycamore_53_12": tz.sycamore_circuit(53, cycles=12, seed=1),
        "grid_7x7_32": tz.grid_circuit(7, 7, 32, seed=1),
    }
    for name, circuit in generated.items():
        files[name] = folder / f"{name}.json"
        tz.write_network(tz.AmplitudeNetwork(circuit).shape, files[name])
    return files


def circuits(folder: Path, *, quick: bool) -> dict[str, Path]:
    """Circuit files by name."""
    names = ["grcs_cz_6x6_32_0.txt", "sycamore_n53_m10.qsim", "grcs_bristlecone70_32_0.txt"]
    files = {name: path for name in names if (path := SHARED / "circuits" / name).exists()}
    if not files:
        generated = {
            "grid_6x6_32": tz.grid_circuit(6, 6, 32, seed=1),
            "sycamore_53_10": tz.sycamore_circuit(53, cycles=10, seed=1),
        }
        for name, circuit in generated.items():
            files[name] = folder / f"{name}.qsim"
            tz.write_circuit(circuit, files[name])
    return dict(list(files.items())[: 1 if quick else None])


def trees(folder: Path, *, quick: bool) -> dict[str, Path]:
    """Stems of files with a network, its arrays and a plan from elsewhere, or from our planner without those."""
    names = ["sycamore_m10"] if quick else ["sycamore_m10", "sycamore_m12", "grcs_7x7_d41"]
    files = {name: SHARED / "trees" / name for name in names if (SHARED / "trees" / f"{name}.path.json").exists()}
    return files or {"sycamore_53_10": planned(tz.sycamore_circuit(53, cycles=10, seed=1), folder / "sycamore_53_10")}


def planned(circuit: tz.Circuit, stem: Path) -> Path:
    """Writes the network of an amplitude, its arrays and a plan for it."""
    built = tz.AmplitudeNetwork(circuit)
    network = tz.TensorNetwork.from_shape(built.shape, built.arrays_for("0" * circuit.num_qubits)[0])
    plan = tz.plan(network, trials=8, width=25, seed=0)
    tz.write_network(network.shape, stem.with_name(f"{stem.name}.network.json"))
    write_arrays(network, stem.with_name(f"{stem.name}.arrays.npz"))
    names = network.shape.index_names
    fields = {
        "ssa_path": [list(pair) for pair in plan.tree.ssa_path],
        "sliced_indices": [names[index] for index in plan.sliced_indices],
        "num_slices": plan.num_slices,
        "multiply_adds_per_slice": plan.cost.multiply_adds_naive // plan.num_slices,
    }
    stem.with_name(f"{stem.name}.path.json").write_text(json.dumps(fields))
    return stem
