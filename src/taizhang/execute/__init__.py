"""Execution of plans: the only layer with state and threads."""

from taizhang.execute.contraction import (
    BackendName,
    Contraction,
    StepRecord,
    compile_plan,
    contract_network,
    run_program,
)
from taizhang.execute.native_backend import NativeProgram

__all__ = [
    "BackendName",
    "Contraction",
    "NativeProgram",
    "StepRecord",
    "compile_plan",
    "contract_network",
    "run_program",
]
