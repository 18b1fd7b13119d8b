"""Long runs under ill treatment: kills, damage, full disks, and what ledger and scheduling cost.

`python -m benchmarks.long_runs [BAR]...` runs some of the bars below; `python -m benchmarks long-runs` all of them.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np

import taizhang as tz
from benchmarks.tables import Result, show
from taizhang.errors import RunDamagedError, RunStorageError, TaizhangError
from taizhang.long_runs import prepare_run
from taizhang.runs.coordinator import Coordinator
from taizhang.runs.executor_crew import ExecutorCrew
from taizhang.runs.folder import LEDGER, RunFolder
from taizhang.runs.ledger import Ledger
from taizhang.runs.lock import CoordinatorLock, read_sign
from taizhang.runs.partial_sum import PartialSum
from taizhang.runs.remote import Answer
from taizhang.runs.run import Workforce, go_on, repair_run, values_of
from taizhang.runs.shared_folder import SharedFolder
from taizhang.runs.status import status_of
from taizhang.runs.sum_tree import SumTree
from taizhang.settings import Settings

Row = tuple[str, str, str]
TAIZHANG = [sys.executable, "-m", "taizhang"]
MEMORY = 2 << 30
BITS = "0" * 36


def hard() -> tuple[tz.Circuit, tz.Plan, str]:
    """A circuit of some CPU seconds, in 1,024 slices."""
    circuit = tz.sycamore_circuit(36, cycles=14, seed=1)
    return circuit, tz.plan(circuit, trials=8, width=18, seed=0), BITS


def easy() -> tuple[tz.Circuit, tz.Plan, str]:
    """A circuit of milliseconds, in 128 slices."""
    circuit = tz.grid_circuit(3, 3, 20, seed=5)
    plan = tz.plan(circuit, trials=1, seed=1)
    names = plan.shape.index_names[::3][:7]
    return circuit, tz.Plan.from_ssa_path(plan.shape, plan.tree.ssa_path, names), "010011100"


def made(case: tuple[tz.Circuit, tz.Plan, str], path: Path, slices_per_piece: int | None = None) -> RunFolder:
    """A fresh run folder."""
    circuit, plan, bits = case
    settings = Settings.checked(trials=1, threads=1)
    return prepare_run(path, circuit, [bits], settings, plan=plan, slices_per_piece=slices_per_piece)


def undisturbed(case: tuple[tz.Circuit, tz.Plan, str]) -> bytes:
    """The bits of a contraction that nothing disturbs."""
    circuit, plan, bits = case
    return np.complex128(tz.amplitude(circuit, bits, plan=plan)).tobytes()


def is_same(folder: RunFolder, bits: bytes) -> str:
    """Says whether a complete run gives these bits."""
    return "same bits" if values_of(folder).tobytes() == bits else "OTHER BITS"


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A directory that goes away."""
    with tempfile.TemporaryDirectory(prefix="taizhang-runs-") as name:
        yield Path(name)


def kill_workers(quick: bool) -> list[Row]:
    """Kill -9 of a random worker process every 2 seconds."""
    case, chance = hard(), random.Random(1)
    bits = undisturbed(case)
    with scratch() as path:
        folder = made(case, path / "run", 16 if quick else 4)
        shared, kills, stopped = SharedFolder(folder.path, folder.manifest), [0], threading.Event()

        def killer() -> None:
            while not stopped.wait(2.0):
                workers = [told for told in shared.workers().values() if told.get("holds")]
                if workers:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(chance.choice(workers)["pid"], signal.SIGKILL)
                        kills[0] += 1

        thread = threading.Thread(target=killer, daemon=True)
        thread.start()
        go_on(folder, Workforce(threads=2, memory_bytes=MEMORY, processes=2))
        stopped.set()
        status = status_of(folder)
        computed = sum(worker["pieces"] for worker in status.workers_seen.values())
        told = f"{is_same(folder, bits)} after {kills[0]} kills; {status.num_pieces} pieces counted {computed} times"
        return [("kill -9 of a worker every 2 s", told, "same bits, at most one piece lost a kill")]


def kill_coordinator(quick: bool) -> list[Row]:
    """Kill -9 of the coordinator at random moments."""
    case, chance, times = hard(), random.Random(2), 8 if quick else 50
    bits = undisturbed(case)
    with scratch() as path:
        folder = made(case, path / "run", 2)
        at_work = 0
        for _ in range(times):
            before = status_of(folder).pieces_done
            process = subprocess.Popen(
                [*TAIZHANG, "resume", str(folder.path), "--threads", "1"], stderr=subprocess.PIPE
            )
            deadline = time.monotonic() + 60
            # Some are killed while they start, the others at any moment of their work.
            while chance.random() > 0.005 and read_sign(folder.path).get("pid") != process.pid:
                time.sleep(0.02)
                if time.monotonic() > deadline:
                    break
            time.sleep(chance.uniform(0.0, 1.5))
            process.kill()
            process.communicate()
            status = status_of(folder)
            at_work += status.pieces_done > before
        go_on(folder, Workforce(threads=2, memory_bytes=MEMORY))
        told = f"{is_same(folder, bits)} after {times} kills, {at_work} of them after new pieces were committed"
        return [(f"kill -9 of the coordinator at {times} random moments", told, "same bits")]


def truncations(quick: bool) -> list[Row]:
    """The ledger cut at every byte."""
    case = easy()
    bits = undisturbed(case)
    with scratch() as path:
        folder = half_done(case, path / "run")
        whole = folder.ledger_path.read_bytes()
        counts = {"detected": 0, "harmless": 0, "WRONG": 0}
        for length in range(0, len(whole), 97 if quick else 1):
            folder.ledger_path.write_bytes(whole[:length])
            counts[outcome(folder, bits)] += 1
            clear_sidecars(folder)
        folder.ledger_path.write_bytes(whole[: len(whole) - 5000])
        saved, _ = repair_run(folder)
        go_on(folder, Workforce(threads=1, memory_bytes=MEMORY))
        repaired = f"; repaired after losing 5,000 bytes: {saved} of 64 pieces saved, "
        told = f"{sum(counts.values()):,} lengths of {len(whole):,} bytes: {told_of(counts)}"
        told += f"{repaired}{is_same(folder, bits)}"
        return [("ledger truncated at every byte", told, "detected or harmless")]


def bit_flips(quick: bool) -> list[Row]:
    """Random bit flips in all files of a folder."""
    case, chance, times = easy(), random.Random(3), 100 if quick else 1000
    bits = undisturbed(case)
    with scratch() as path:
        folder = half_done(case, path / "run")
        files = sorted(file.relative_to(folder.path) for file in folder.path.rglob("*") if file.is_file())
        files = [file for file in files if (folder.path / file).stat().st_size and not str(file).startswith("inbox")]
        counts = {"detected": 0, "harmless": 0, "WRONG": 0}
        for number in range(times):
            copy = path / "copy"
            shutil.copytree(folder.path, copy)
            shutil.rmtree(copy / "inbox")
            (copy / "inbox").mkdir()
            target = copy / files[number % len(files)]
            content = bytearray(target.read_bytes())
            at = chance.randrange(8 * len(content))
            content[at // 8] ^= 1 << at % 8
            target.write_bytes(content)
            try:
                counts[outcome(RunFolder.open(copy), bits)] += 1
            except TaizhangError:
                counts["detected"] += 1
            shutil.rmtree(copy)
        told = f"{times} flips in {len(files)} files: {told_of(counts)}"
        return [("random bit flips in the folder's files", told, "detected or harmless")]


def half_done(case: tuple[tz.Circuit, tz.Plan, str], path: Path) -> RunFolder:
    """A run of 128 pieces that was stopped on its way, with pieces done out of order."""
    folder = made(case, path, 1)
    go_on(folder, Workforce(threads=1, memory_bytes=MEMORY))
    done = values_of(folder)
    assert done.size == 1
    folder.ledger_path.unlink()
    Ledger.create(folder.ledger_path, folder.manifest)
    from taizhang.runs.job import PieceRunner

    runner, layout = PieceRunner(folder.job(), threads=1, memory_bytes=MEMORY), folder.manifest.layout
    tree, order = SumTree(layout.parts_per_group), list(range(layout.num_pieces))
    random.Random(4).shuffle(order)
    with Ledger(folder.ledger_path, folder.manifest, write=True) as ledger:
        for number in order[: len(order) // 2]:
            total = runner.compute(layout.piece(number))
            ledger.commit([tree.insert(0, number, total)], [(number, total)] if number % 4 == 0 else [])
    return folder


def outcome(folder: RunFolder, bits: bytes) -> str:
    """What going on with a damaged run comes to."""
    try:
        values = go_on(folder, Workforce(threads=1, memory_bytes=MEMORY))
    except (RunDamagedError, RunStorageError):
        return "detected"
    return "harmless" if values.tobytes() == bits else "WRONG"


def clear_sidecars(folder: RunFolder) -> None:
    """Removes a journal that a cut file left behind."""
    for file in folder.path.glob(f"{LEDGER}-*"):
        file.unlink()


def told_of(counts: dict[str, int]) -> str:
    """Counts as words."""
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def resume_million(quick: bool) -> list[Row]:
    """How soon a run of 10^6 pieces goes on."""
    with scratch() as path:
        folder = million(path / "run")
        layout = folder.manifest.layout
        tree, chance = SumTree(layout.parts_per_group), random.Random(5)
        one = PartialSum(mantissas=np.array([[0.25 + 0.5j]]), exponents=np.array([3]))
        scattered = sorted(chance.sample(range(700_001, layout.num_pieces), 10_000))
        with Ledger(folder.ledger_path, folder.manifest, write=True) as ledger:
            changes = [tree.insert(0, number, one) for number in range(700_001)]
            ledger.commit([*changes, *(tree.insert(0, number, one) for number in scattered)])
        started = time.perf_counter()
        command = [*TAIZHANG, "resume", str(folder.path), "--threads", "1"]
        process = subprocess.Popen(command, stderr=subprocess.PIPE)
        written = 0  # the first time the session is recorded, then pieces
        last = folder.ledger_path.stat().st_mtime_ns
        while written < 2 and time.perf_counter() - started < 60:
            time.sleep(0.005)
            now = folder.ledger_path.stat().st_mtime_ns
            written, last = written + (now != last), now
        first = time.perf_counter() - started
        process.terminate()
        process.communicate()
        empty = time.perf_counter()
        subprocess.run([*TAIZHANG, "--version"], check=True, stdout=subprocess.DEVNULL)
        empty = time.perf_counter() - empty
        started = time.perf_counter()
        lock = CoordinatorLock(folder.path)
        folder.job()
        with Coordinator(RunFolder.open(folder.path), lock):
            opened = time.perf_counter() - started
        lock.release("stopped")
        told = f"opened in {opened:.2f} s, first new piece committed {first:.2f} s after the command began (of which "
        told += f"{empty:.2f} s are what any command takes), ledger of {folder.ledger_path.stat().st_size >> 10} KiB, "
        told += f"{len(tree.nodes):,} sums"
        return [(f"resume of {layout.num_pieces:,} pieces, 710,001 done", told, "2 s")]


def million(path: Path) -> RunFolder:
    """A run of 2^20 pieces of one slice of hardly any work each."""
    circuit = tz.grid_circuit(4, 4, 24, seed=5)
    plan = tz.plan(circuit, trials=1, seed=1)
    names = plan.shape.index_names[::2][:20]
    plan = tz.Plan.from_ssa_path(plan.shape, plan.tree.ssa_path, names)
    return made((circuit, plan, "0" * 16), path, 1)


class Simulated:
    """An executor of many workers that compute nothing, and of which some fail, out of order."""

    def __init__(self, workers: int, failures: float, content: bytes) -> None:
        self.num_workers = workers
        self._chance, self._failures, self._content = random.Random(6), failures, content
        self._waiting: list[tuple[Any, int]] = []
        self.failed = 0

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Any:
        """Takes a call; calls are done in batches, in random order."""
        future: Any = SimulatedFuture()
        self._waiting.append((future, arguments[1]))
        return future

    def advance(self) -> None:
        """Ends half of the calls, in random order."""
        self._chance.shuffle(self._waiting)
        half = len(self._waiting) // 2 + 1
        ending, self._waiting = self._waiting[:half], self._waiting[half:]
        for future, piece in ending:
            if self._chance.random() < self._failures:
                self.failed += 1
                future.end(ConnectionResetError("gone"))
            else:
                future.end(Answer(piece, self._content, 1.0, f"worker-{piece % self.num_workers}"))


class SimulatedFuture:
    """What `Simulated` gives: as little as will do."""

    def __init__(self) -> None:
        self._answer: Any = None
        self._function: Any = None

    def result(self) -> Any:
        """The answer, or raises it."""
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    def add_done_callback(self, function: Callable[[Any], object]) -> None:
        """Keeps the function."""
        self._function = function

    def cancel(self) -> None:
        """Does nothing."""

    def end(self, answer: Any) -> None:
        """The call is done."""
        self._answer = answer
        self._function(self)


def simulated(quick: bool) -> list[Row]:
    """10,000 workers, 10^6 pieces, some of which fail."""
    with scratch() as path:
        folder = million(path / "run")
        count = folder.manifest.layout.num_pieces
        content = PartialSum(mantissas=np.array([[0.25 + 0.5j]]), exponents=np.array([3])).to_bytes()
        executor = Simulated(10_000, 0.01, content)
        outside = 0.0
        lock = CoordinatorLock(folder.path)
        job = folder.job()
        started, cpu = time.perf_counter(), time.process_time()
        with Coordinator(folder, lock, watcher=None) as coordinator:
            crew = ExecutorCrew(job, executor, workers=10_000, ring=coordinator.ring)
            gathered = crew.outcomes

            def advanced() -> Any:
                nonlocal outside
                began = time.perf_counter()
                executor.advance()
                outside += time.perf_counter() - began
                return gathered()

            crew.outcomes = advanced  # type: ignore[method-assign]
            coordinator.add(crew)
            coordinator.run()
        spent, busy = time.perf_counter() - started, time.process_time() - cpu
        total = values_of(folder)[0, 0] / 2.0 ** int(folder.exponents()[0])
        exact = total == count * (0.25 + 0.5j) * 8
        told = f"{1e3 * (spent - outside) / count:.3f} ms a piece ({spent:.0f} s in all, {busy:.0f} s of CPU), "
        told += f"{executor.failed:,} failures, {'sum exact' if exact else 'SUM WRONG'}"
        return [(f"simulated: 10,000 workers, {count:,} pieces, 1 % failing", told, "below 1 ms a piece")]


class Sleeping:
    """An executor of two workers to which every piece is a second of sleep."""

    num_workers = 2

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._slots = threading.Semaphore(2)

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Answer]:
        """Sleeps in a thread, two at a time."""
        future: Future[Answer] = Future()

        def sleep() -> None:
            with self._slots:
                time.sleep(1.0)
            future.set_result(Answer(arguments[1], self._content, 1.0, "sleeper"))

        threading.Thread(target=sleep, daemon=True).start()
        return future


def overhead(quick: bool) -> list[Row]:
    """What ledger and scheduling add to pieces of one second."""
    case = easy()
    with scratch() as path:
        folder = made(case, path / "sleep", 4 if quick else 2)
        count = folder.manifest.layout.num_pieces
        content = PartialSum(mantissas=np.array([[0.25 + 0.5j]]), exponents=np.array([3])).to_bytes()
        started = time.perf_counter()
        go_on(folder, Workforce(threads=1, memory_bytes=MEMORY, executor=Sleeping(content)))
        spent = time.perf_counter() - started
        rows = [(f"overhead, {count} pieces of 1 s of sleep, two at once", f"{spent / (count / 2) - 1:.2%}", "2 %")]
        circuit, plan, bits = hard()
        one = made(hard(), path / "one").manifest.seconds_per_slice
        ratios = []
        for number in range(1 if quick else 3):
            folder = made((circuit, plan, bits), path / f"real{number}")
            started = time.process_time()
            tz.amplitude(circuit, bits, plan=plan, threads=1)
            plain = time.process_time() - started
            started = time.process_time()
            go_on(folder, Workforce(threads=1, memory_bytes=MEMORY))
            ratios.append((time.process_time() - started) / plain - 1)
        median = sorted(ratios)[len(ratios) // 2]
        pieces = folder.manifest.layout.num_pieces
        each = one * folder.manifest.slices_per_piece
        name = f"CPU time of {pieces} pieces of {each:.1f} s beside a plain contraction"
        return [*rows, (name, f"{median:+.2%}", "2 %")]


def dask(quick: bool) -> list[Row]:
    """Two workers of a Dask cluster beside one, and the loss of workers and of the scheduler."""
    import distributed

    case = hard()
    bits = undisturbed(case)
    rows = []
    with scratch() as path:
        times: dict[int, list[float]] = {1: [], 2: []}
        for turn in range(1 if quick else 3):
            for count in (1, 2):
                options = {"n_workers": count, "threads_per_worker": 1, "dashboard_address": None}
                with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
                    workforce = Workforce(threads=1, memory_bytes=MEMORY, cluster=client)
                    go_on(made(case, path / f"warm{count}{turn}", 128), workforce)
                    folder = made(case, path / f"run{count}{turn}", 8)
                    started = time.perf_counter()
                    go_on(folder, workforce)
                    times[count].append(time.perf_counter() - started)
                    rows.append(is_same(folder, bits))
        ratio = min(times[1]) / min(times[2])
        told = f"{ratio:.2f} ({min(times[1]):.1f} s and {min(times[2]):.1f} s), {', '.join(sorted(set(rows)))}"
        return [("Dask: two workers beside one", told, "1.9")]


def dask_losses(quick: bool) -> list[Row]:
    """Dask workers that come late and are killed, a scheduler that dies and is replaced."""
    case = hard()
    bits = undisturbed(case)
    port = 18786
    address = f"tcp://127.0.0.1:{port}"
    environment = {**os.environ, "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "3s"}

    def start(*words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]]
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def scheduler() -> subprocess.Popen[bytes]:
        return start("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")

    def worker() -> subprocess.Popen[bytes]:
        return start("worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--death-timeout", "60")

    with scratch() as path:
        folder = made(case, path / "run", 2)
        processes = [scheduler()]
        time.sleep(4)
        processes.append(worker())
        resumed = subprocess.Popen([*TAIZHANG, "resume", str(folder.path), "--cluster", address])

        def wait_for(fraction: float) -> None:
            deadline = time.monotonic() + 120
            while status_of(folder).fraction < fraction and time.monotonic() < deadline and resumed.poll() is None:
                time.sleep(0.2)

        wait_for(0.1)
        processes.append(worker())
        wait_for(0.3)
        processes[1].kill()
        wait_for(0.5)
        processes[0].kill()
        time.sleep(2)
        processes += [scheduler()]
        time.sleep(3)
        processes += [worker(), worker()]
        status = resumed.wait(timeout=300)
        for process in processes:
            process.kill()
        told = f"exit status {status}, {is_same(folder, bits)}"
        return [("Dask: late worker, killed worker, scheduler killed and replaced", told, "same bits")]


def disk(quick: bool) -> list[Row]:
    """A full disk, and a read-only one; needs the right to mount."""
    case = hard()
    bits = undisturbed(case)
    rows = []
    with scratch() as path:
        mount = path / "small"
        mount.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(mount)], check=True)
        try:
            folder = made(case, mount / "run", 16)
            with (mount / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
                while filler.write(b"\0" * 4096):
                    pass
            rows.append(("disk full", refusal(folder), "a clear sentence"))
            subprocess.run(["mount", "-o", "remount,ro", str(mount)], check=True)
            rows.append(("read-only folder", refusal(folder), "a clear sentence"))
            rows.append(("status of a read-only folder", str(status_of(folder)).splitlines()[0], "works"))
            subprocess.run(["mount", "-o", "remount,rw", str(mount)], check=True)
            (mount / "filler").unlink()
            rows.append(
                ("disk that becomes full on the way", refusal(folder, Filler(mount / "filler")), "a clear sentence")
            )
            rows.append(("what is safe then", str(status_of(folder)).splitlines()[0].split(": ")[1], "some pieces"))
            (mount / "filler").unlink()
            go_on(folder, Workforce(threads=1, memory_bytes=MEMORY))
            rows.append(("resumed when there is space again", is_same(folder, bits), "same bits"))
        finally:
            subprocess.run(["umount", str(mount)], check=True)
    return rows


class Filler:
    """A watcher that fills the disk when some pieces are done."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def progress(self, progress: Any) -> None:
        """Fills the disk."""
        if progress.done and not self._path.exists():
            with self._path.open("wb", buffering=0) as filler, contextlib.suppress(OSError):
                while filler.write(b"\0" * 4096):
                    pass


def refusal(folder: RunFolder, watcher: Any = None) -> str:
    """What going on with a run is refused with."""
    try:
        go_on(folder, Workforce(threads=1, memory_bytes=MEMORY), watcher=watcher)
    except TaizhangError as error:
        return str(error).replace(str(folder.path), "RUN")
    return "NOT REFUSED"


def stopped_worker(quick: bool) -> list[Row]:
    """A worker that gets SIGSTOP with a piece in hand, and SIGCONT after others have done it."""
    case = hard()
    bits = undisturbed(case)
    with scratch() as path:
        folder = made(case, path / "run", 16)
        shared = SharedFolder(folder.path, folder.manifest)
        asleep = {"pid": 0, "pieces": []}

        class Stopper:
            def progress(self, progress: Any) -> None:
                if not asleep["pid"]:
                    for told in shared.workers().values():
                        if told["holds"]:
                            asleep.update(pid=told["pid"], pieces=told["holds"])
                            os.kill(told["pid"], signal.SIGSTOP)
                            return
                elif progress.done == progress.total - 1:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(asleep["pid"]), signal.SIGCONT)

        workforce = Workforce(threads=2, memory_bytes=MEMORY, processes=2, lease_seconds=3.0)
        go_on(folder, workforce, watcher=Stopper())
        told = f"pieces {asleep['pieces']} of the stopped worker went to the other; {is_same(folder, bits)}"
        return [("a worker stopped by SIGSTOP, lease 3 s", told, "same bits")]


BARS: dict[str, Callable[[bool], list[Row]]] = {
    "kill-workers": kill_workers,
    "kill-coordinator": kill_coordinator,
    "truncations": truncations,
    "bit-flips": bit_flips,
    "resume-million": resume_million,
    "simulated": simulated,
    "overhead": overhead,
    "dask": dask,
    "dask-losses": dask_losses,
    "disk": disk,
    "stopped-worker": stopped_worker,
}
COLUMNS = ("bar", "figure", "wanted")
TITLE = "Long runs"


def run(*, quick: bool, threads: int) -> Result:
    """Runs all bars, whatever `threads` is."""
    return TITLE, COLUMNS, [row for bar in BARS.values() for row in bar(quick)]


def main() -> None:
    """Runs the bars asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.long_runs", description=__doc__)
    parser.add_argument("bars", nargs="*", metavar="BAR", help=f"any of {', '.join(BARS)}; all by default")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    for name in options.bars or BARS:
        show(TITLE, COLUMNS, BARS[name](options.quick))


if __name__ == "__main__":
    main()
