"""The coordinator of a run: assigns pieces to worker pools, adds up the sums they submit, and commits them.

One thread does all of it and is the only writer of the ledger. Sums that arrive together are committed together: many
small pieces share a transaction, so that the disk is synchronised about ten times a second at most.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence

from taizhang._random import stream
from taizhang.errors import RunDamagedError, RunStoppedError
from taizhang.observer import Observer, RunProgress
from taizhang.runs.folder import RunFolder
from taizhang.runs.ledger import TASK, WANTED, Ledger
from taizhang.runs.lock import COMPLETE, FAILED, STOPPED, CoordinatorLock
from taizhang.runs.manifest import Manifest
from taizhang.runs.partial_sum import PartialSum
from taizhang.runs.piece_set import PieceSet, ranges_between
from taizhang.runs.pieces import Layout
from taizhang.runs.report.estimate import estimate
from taizhang.runs.report.history import History, Record
from taizhang.runs.scheduler import Scheduler
from taizhang.runs.sum_tree import Change, Node, SumTree, top_level
from taizhang.runs.workers.pool import Done, Lost, Outcome, WorkerPool

MOST_SAMPLES = 32
MOST_SAMPLE_BYTES = 1 << 26
"""Limits on the sums that are kept for `verify`: their number, and their size in the ledger (64 MiB)."""

MOST_SUMMED = 4096
"""With more sums waiting than this, the partial sum is not computed for progress updates."""

COMMIT_SECONDS = 0.1
"""Commits that take less time than this are followed by a short pause, so that more pieces share the next one."""

WAIT_SECONDS = 0.1
"""Longest wait for a pool to wake the coordinator: it checks `stop` and looks for new workers at least this often."""

WATCH_SECONDS = 0.1
"""Least time between two progress updates."""


def samples_of(manifest: Manifest) -> frozenset[int]:
    """The pieces whose sums are kept for verification, chosen by the identity of the run."""
    count = manifest.layout.num_pieces
    per_piece = max(16 * plan.elements * plan.contractions_per_piece for plan in manifest.plans)
    most = min(MOST_SAMPLES, count, max(MOST_SAMPLE_BYTES // per_piece, 1))
    if count <= most:
        return frozenset(range(count))
    random = stream(int(manifest.identity[:16], 16), "samples")
    return frozenset(int(piece) for piece in random.integers(0, count, size=most))


def done_ranges(nodes: Iterable[Node], layout: Layout) -> Iterable[range]:
    """The pieces that the nodes cover, as ranges of piece numbers in order."""
    return layout.piece_ranges((node.group, node.parts(layout.parts_of(node.group))) for node in nodes)


class Coordinator:
    """Carries out a run. A context manager: on exit it closes the pools and the ledger.

    Args:
        folder: The run.
        lock: Held by the caller for this coordinator.
        stop: Called often; when it returns True, the run commits what is done and stops.
        observer: Receives progress updates.
    """

    def __init__(
        self,
        folder: RunFolder,
        lock: CoordinatorLock,
        *,
        stop: Callable[[], bool] = lambda: False,
        observer: Observer | None = None,
    ) -> None:
        self._folder = folder
        self._lock = lock
        self._stop = stop
        self._observer = observer
        self._woken = threading.Event()
        self._pools: list[WorkerPool] = []
        manifest = folder.manifest
        self._layout = manifest.layout
        self._samples = samples_of(manifest)
        self._ledger = Ledger(folder.ledger_path, manifest, write=True)
        try:
            self._num_groups = self._ledger.groups_wanted()
            self._stopping_rule = folder.assembly().stopping_rule()
            self._scales = folder.exponents()
            nodes = [node for node in self._ledger.nodes() if node.group < self._num_groups]
            self._tree = SumTree(self._layout.parts_of, self._ledger.waiting_sums())
            missing = PieceSet(ranges_between(done_ranges(nodes, self._layout), self._num_pieces))
            self._scheduler = Scheduler(missing)
            if self._stopping_rule is not None:
                for node, total in self._ledger.complete_sums():
                    self._apply_stopping_rule(node.group, total)
            self._history = History.of(self._ledger)
        except BaseException:
            self._ledger.close()
            raise
        self._partial: complex | None = None
        self._single = self._layout.num_contractions == 1 and manifest.plans[0].elements == 1
        self._typical = (0, 0.0)
        self._reported_at = 0.0

    def __enter__(self) -> Coordinator:
        return self

    def __exit__(self, *_: object) -> None:
        for pool in self._pools:
            pool.close()
        self._ledger.close()

    def wake(self) -> None:
        """Wakes the coordinator because a pool has new outcomes. May be called from any thread."""
        self._woken.set()

    def add(self, pool: WorkerPool) -> None:
        """Adds a pool; it is closed at the end."""
        self._pools.append(pool)

    @property
    def num_done(self) -> int:
        """Pieces done."""
        return self._num_pieces - self._scheduler.num_left

    @property
    def _num_pieces(self) -> int:
        return self._layout.first_piece_of(self._num_groups)

    def run(self) -> None:
        """Works until all pieces are done.

        Raises:
            RunStoppedError: `stop` returned True; everything done is committed.
            RunStorageError: The folder cannot be written.
            RunBusyError: Another process has taken the run.
            NumericalError: A piece gave a NaN or an infinity.
        """
        state, message = FAILED, ""
        try:
            self._commit([], self._progress_records())
            self._work()
            self._commit([], self._progress_records(COMPLETE))
            state = COMPLETE
        except RunStoppedError as error:
            state, message = STOPPED, str(error)
            raise
        except BaseException as error:
            message = str(error)
            raise
        finally:
            self._lock.release(state, message)

    def _work(self) -> None:
        """The loop of the coordinator: assign pieces, wait, commit what arrived."""
        while self._scheduler.num_left:
            if self._stop():
                self._commit_and_stop()
            for pool in self._pools:
                self._scheduler.claim(pool.take_claimed(), time.monotonic())
                self._assign(pool)
            self._woken.wait(WAIT_SECONDS)
            self._woken.clear()
            started = time.monotonic()
            self._commit_outcomes(self._collect_outcomes())
            self._lock.beat("running")
            self._report_progress()
            spent = time.monotonic() - started
            if self._scheduler.num_left and spent < COMMIT_SECONDS and not self._has_free_slots():
                # All workers are busy: outcomes that arrive during this pause share the next commit.
                time.sleep(min(COMMIT_SECONDS / 4, 2 * spent))

    def _has_free_slots(self) -> bool:
        return any(slots.free > 0 for pool in self._pools for slots in pool.slots())

    def _assign(self, pool: WorkerPool) -> None:
        now = time.monotonic()
        for slots in pool.slots():
            if slots.free > 0 and (pieces := self._scheduler.take(slots.free, now, slots.held)):
                pool.assign(slots, pieces)

    def _collect_outcomes(self) -> list[Outcome]:
        return [outcome for pool in self._pools for outcome in pool.outcomes()]

    def _commit_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Adds the sums that arrived, commits them, and only then lets the pools discard their copies."""
        changes: list[Change] = []
        samples: list[tuple[int, PartialSum]] = []
        arrived: list[int] = []
        failures: list[tuple[int, BaseException]] = []
        for outcome in outcomes:
            if isinstance(outcome, Lost):
                self._history.record_loss(outcome.worker)
                if outcome.error is None:
                    self._scheduler.requeue(outcome.pieces)
                else:
                    failures += [(piece, outcome.error) for piece in outcome.pieces]
                continue
            arrived.append(outcome.piece)
            if self._scheduler.finish(outcome.piece):
                changes.append(self._insert(outcome))
                if outcome.piece in self._samples:
                    samples.append((outcome.piece, outcome.total))
        records = (
            self._progress_records() if changes and (self._history.is_due() or not self._scheduler.num_left) else ()
        )
        if changes or samples or records:
            self._commit(changes, records, samples)
        for pool in self._pools if arrived else ():
            pool.mark_committed(arrived)
        for piece, error in failures:
            self._scheduler.fail(piece, error)

    def _insert(self, outcome: Done) -> Change:
        piece = self._layout.piece(outcome.piece)
        if outcome.total.mantissas.shape != self._folder.manifest.shape_of(piece.group):
            raise RunDamagedError(
                f"the sum of piece {outcome.piece} from worker '{outcome.worker}' has a wrong shape; stop that worker"
            )
        self._history.record_piece(outcome.worker, outcome.seconds)
        count, seconds = self._typical
        self._typical = (count + 1, seconds + outcome.seconds)
        self._scheduler.typical_seconds = self._typical[1] / self._typical[0]
        change = self._tree.insert(piece.group, piece.part, outcome.total)
        if change.added.level == top_level(self._layout.parts_of(piece.group)):
            if self._single:
                self._partial = complex(change.sum.values(self._scales)[0, 0])
            if self._stopping_rule is not None:
                self._apply_stopping_rule(piece.group, change.sum)
        return change

    def _apply_stopping_rule(self, group: int, total: PartialSum) -> None:
        """Drops the groups that are not needed, as soon as the stopping rule knows which."""
        if self._stopping_rule is None:
            return
        numbers = self._layout.contractions_of(group)
        contractions = self._stopping_rule.add(numbers, total.values(self._scales[numbers.start : numbers.stop]))
        if contractions is not None and (needed := self._layout.groups_for(contractions)) < self._num_groups:
            self._num_groups = needed
            self._scheduler.drop_from(self._num_pieces)

    def _commit(
        self,
        changes: Sequence[Change],
        records: Sequence[Record] = (),
        samples: Sequence[tuple[int, PartialSum]] = (),
    ) -> None:
        self._ledger.commit(changes, samples, records)

    def _progress_records(self, ended: str | None = None) -> list[Record]:
        """A point of the history to commit; `ended` says how the session ended, if it did."""
        if self._single and len(self._tree.nodes) <= MOST_SUMMED:
            total = self._tree.sum_so_far(0)
            if total is not None:
                self._partial = complex(total.values(self._scales)[0, 0])
        records = self._history.records(self.num_done, self._num_workers(), self._partial, ended)
        if self._num_groups < self._layout.num_groups:
            records.append((TASK, WANTED, {"groups": self._num_groups}))
        return records

    def _num_workers(self) -> int:
        return sum(pool.num_workers() for pool in self._pools)

    def _report_progress(self) -> None:
        now = time.monotonic()
        if self._observer is not None and now - self._reported_at >= WATCH_SECONDS:
            self._reported_at = now
            points = [*self._history.points, (time.time(), self.num_done)]
            self._observer.running(
                RunProgress(
                    done=self.num_done,
                    total=self._num_pieces,
                    workers=self._num_workers(),
                    estimate=estimate(points, self._scheduler.num_left),
                    partial=self._partial,
                )
            )

    def _commit_and_stop(self) -> None:
        self._commit_outcomes(self._collect_outcomes())
        self._commit([], self._progress_records(STOPPED))
        raise RunStoppedError(
            f"stopped: {self.num_done} of {self._num_pieces} pieces are done and committed; go on with "
            f"'taizhang resume {self._folder.path}'"
        )
