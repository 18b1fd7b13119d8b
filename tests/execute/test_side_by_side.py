"""Concurrent jobs: each is done once, and an error or an interrupt stops the others."""

import threading
import time

import pytest

from taizhang.execute.side_by_side import side_by_side


@pytest.mark.parametrize(("count", "threads"), [(0, 2), (1, 3), (2, 2), (100, 3)])
def test_every_job_is_done_once(count, threads):
    done, reports = [], []
    side_by_side(lambda number, _: done.append(number), count, threads, reports.append)
    assert sorted(done) == list(range(count))
    assert reports[-1] == count


def test_jobs_run_at_the_same_time():
    meeting = threading.Barrier(3, timeout=30)
    side_by_side(lambda *_: meeting.wait(), 3, threads=3)


def test_an_error_stops_the_others():
    started = []

    def job(number, should_stop):
        started.append(number)
        if number == 1:
            raise ValueError("one is wrong")
        deadline = time.monotonic() + 30
        while not should_stop() and time.monotonic() < deadline:
            time.sleep(0.001)
        assert should_stop()

    with pytest.raises(ValueError, match="one is wrong"):
        side_by_side(job, 1000, threads=2)
    assert sorted(started) == [0, 1]


def test_an_interrupt_stops_them():
    stopped = []

    def job(number, should_stop):
        while not should_stop():
            time.sleep(0.001)
        stopped.append(number)

    def reports(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        side_by_side(job, 10, 2, reports)
    assert sorted(stopped) == [0, 1]
