"""Settings for all tests."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Generator

import pytest
from hypothesis import settings

# The machine may be busy: how long an example takes says nothing about the code.
settings.register_profile("taizhang", deadline=None)
settings.load_profile("taizhang")

# Programs of their own, run by `tests/adapters/test_jax.py` and `test_torch.py`.
collect_ignore = ["adapters/jax_cases.py", "adapters/torch_cases.py"]


def pytest_collection_finish() -> None:
    """What was collected stays: leaving it out makes looking for garbage quick."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def _memory_is_given_back() -> Generator[None, None, None]:
    """Tests give memory limits, which hold for the whole process: what a file of tests held is not held by the next."""
    yield
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)


SKIPS_ALLOWED = ("the shared data is not beside the checkout", "on this system: ", "on this processor: ")
"""How the reason of a skip may begin. A package that is missing is no reason: `./dev setup` installs them all."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport]:
    """Fails a test that is skipped for a reason that is not allowed."""
    return _without_silent_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, pytest.CollectReport]:
    """Fails a file that is skipped for a reason that is not allowed."""
    return _without_silent_skip((yield))


def _without_silent_skip(report):
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2]).removeprefix("Skipped: ")
        if not reason.startswith(SKIPS_ALLOWED):
            report.outcome = "failed"
            report.longrepr = f"skipped, which only {SKIPS_ALLOWED} may be the reason for: {reason}"
    return report
