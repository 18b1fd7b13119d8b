"""A backend for Qiskit: for programs that call `backend.run`, or that wrap one, such as `BackendSamplerV2`."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Barrier, ForLoopOp, IfElseOp, Store, SwitchCaseOp, WhileLoopOp
from qiskit.circuit.library import Initialize, MCPhaseGate, MCXGate, UnitaryGate, get_standard_gate_name_mapping
from qiskit.exceptions import QiskitError
from qiskit.providers import BackendV2 as QiskitBackendV2
from qiskit.providers import JobStatus, JobV1, Options
from qiskit.result import Result
from qiskit.transpiler import Target

from taizhang._random import read_seed, stream
from taizhang.adapters.qiskit_jobs import Job, Stoppable, converted, places_of_bits
from taizhang.api.samples import sample
from taizhang.execute.kept_plans import KeptPlans, keep_plans
from taizhang.settings import Settings

_WIDE: Mapping[str, Any] = {
    "barrier": Barrier,
    "initialize": Initialize,
    "unitary": UnitaryGate,
    "mcx": MCXGate,
    "mcphase": MCPhaseGate,
    "if_else": IfElseOp,
    "for_loop": ForLoopOp,
    "while_loop": WhileLoopOp,
    "switch_case": SwitchCaseOp,
    "store": Store,
}


class BackendV2(QiskitBackendV2):  # type: ignore[misc]
    """A backend of any number of qubits, with all gates that connect any of them.

    Args:
        options: Options of `taizhang.sample`, such as `memory`, `threads`, `method`, by name.
        noise_model: Of Qiskit Aer.

    Raises:
        UsageError: An option is not one.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> bell = QuantumCircuit(2)
        >>> _ = bell.h(0), bell.cx(0, 1), bell.measure_all()
        >>> counts = BackendV2().run(bell, shots=100, seed_simulator=1).result().get_counts()
        >>> sorted(counts), sum(counts.values())
        (['00', '11'], 100)
    """

    def __init__(self, *, options: Mapping[str, Any] | None = None, noise_model: Any = None) -> None:
        super().__init__(name="taizhang", description="Tensor-network contraction", backend_version="2")
        self._given = dict(options or {})
        Settings.checked(**{name: value for name, value in self._given.items() if name != "method"})
        self._noise = noise_model
        self.kept = KeptPlans()

    @classmethod
    def _default_options(cls) -> Options:
        return Options(shots=1024, memory=False, seed_simulator=None)

    @property
    def target(self) -> Target:
        """What it takes: gates of the table, measurements, resets and control flow, on any qubits."""
        return _target()

    @property
    def max_circuits(self) -> None:
        """How many circuits a call takes: any number."""
        return

    def run(self, run_input: Any, **options: Any) -> BackendJob:
        """Draws samples of circuits.

        Args:
            run_input: A `QuantumCircuit` or a list of them, whose parameters have values.
            options: `shots` (1024 by default), `memory` (whether each shot is given, too), `seed_simulator`.

        Returns:
            A job; its result has counts, and with `memory` the shots in order.

        Raises:
            QiskitError: A circuit has something that is not supported, or an option has a wrong value.
        """
        circuits = [run_input] if isinstance(run_input, QuantumCircuit) else list(run_input)
        wrong = next((each for each in circuits if not isinstance(each, QuantumCircuit)), None)
        if wrong is not None:
            raise QiskitError(f"run takes circuits, got {wrong!r:.60}")
        unknown = next((name for name in options if not hasattr(self.options, name)), None)
        if unknown is not None:
            warnings.warn(f"the option {unknown} is not used by the backend 'taizhang'", UserWarning, stacklevel=2)
        chosen = {
            name: options.get(name, getattr(self.options, name)) for name in ("shots", "memory", "seed_simulator")
        }
        shots = chosen["shots"]
        if isinstance(shots, bool) or not isinstance(shots, (int, np.integer)) or shots < 1:
            raise QiskitError(f"shots must be a whole number from 1, got {shots!r:.40}")
        for circuit in circuits:
            if circuit.parameters:
                names = ", ".join(parameter.name for parameter in circuit.parameters)
                raise QiskitError(f"the parameters {names[:60]} of {circuit.name} have no values; assign them first")
            if not circuit.clbits:
                warnings.warn(f"the circuit {circuit.name} has no classical bits: no counts", UserWarning, stacklevel=2)
        # What cannot be read is refused here, not by the result.
        read = [converted(circuit, self._noise) for circuit in circuits]
        seed = read_seed(chosen["seed_simulator"])
        job = BackendJob(self, "")

        def work(observer: Stoppable) -> Any:
            with keep_plans(self.kept):
                results = [
                    self._experiment(circuit, ours, int(shots), bool(chosen["memory"]), (seed, number), observer)
                    for number, (circuit, ours) in enumerate(zip(circuits, read, strict=True))
                ]
            return Result.from_dict(
                {
                    "backend_name": self.name,
                    "backend_version": self.backend_version,
                    "qobj_id": job.job_id(),
                    "job_id": job.job_id(),
                    "success": True,
                    "status": "COMPLETED",
                    "results": results,
                }
            )

        return job.start(work)

    def _experiment(
        self, circuit: Any, read: Any, shots: int, memory: bool, seed: tuple[int, int], observer: Stoppable
    ) -> dict[str, Any]:
        """The result of a circuit, as Qiskit writes it."""
        data: dict[str, Any] = {}
        if circuit.clbits:
            drawn_with = int(stream(seed[0], "circuit", seed[1]).integers(1 << 62))
            rows = sample(read, shots, observer=observer, **{"seed": drawn_with, **self._given})
            places = places_of_bits(circuit)
            # Clbit 0 is the last digit.
            digits = np.ascontiguousarray(rows[:, [places[bit] for bit in reversed(circuit.clbits)]] + ord("0"))
            words = [hex(int(word, 2)) for word in digits.astype(np.uint8).view(f"S{digits.shape[1]}").reshape(-1)]
            data["counts"] = dict(Counter(words))
            if memory:
                data["memory"] = words
        return {
            "shots": shots,
            "success": True,
            "status": "DONE",
            "seed": seed[0],
            "data": data,
            "header": {
                "name": circuit.name,
                "metadata": circuit.metadata,
                "creg_sizes": [[register.name, register.size] for register in circuit.cregs],
                "qreg_sizes": [[register.name, register.size] for register in circuit.qregs],
                "memory_slots": len(circuit.clbits),
                "n_qubits": circuit.num_qubits,
                "global_phase": float(circuit.global_phase),
            },
        }


class BackendJob(JobV1):  # type: ignore[misc]
    """Work of a backend on a thread of its own."""

    def __init__(self, backend: BackendV2, job_id: str) -> None:
        super().__init__(backend, job_id)
        self._job: Job | None = None

    def start(self, work: Any) -> BackendJob:
        """Starts it."""
        self._job = Job(work)
        return self

    def submit(self) -> None:
        """Does nothing, since `run` has started the work."""

    def result(self) -> Result:
        """Waits for the result.

        Raises:
            QiskitError: The work cannot be done.
            StoppedError: It was cancelled.
        """
        return self._running.result()

    def status(self) -> JobStatus:
        """Where the job stands."""
        return self._running.status()

    def cancel(self) -> bool:
        """Stops the work, also in the middle of a contraction."""
        self._running.cancel()
        return True

    @property
    def _running(self) -> Job:
        assert self._job is not None
        return self._job


@lru_cache(maxsize=1)
def _target() -> Target:
    target = Target(num_qubits=None)
    for instruction in get_standard_gate_name_mapping().values():
        target.add_instruction(instruction)
    # Of any number of qubits.
    for name, kind in _WIDE.items():
        target.add_instruction(kind, name=name)
    return target
