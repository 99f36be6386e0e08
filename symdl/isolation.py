"""A pool of worker processes that can be killed: one task each, a time limit, a memory limit.

`concurrent.futures` cannot stop a task that hangs inside C code; here the worker is killed and replaced.
Where the platform can fork, workers share what the parent has loaded.
"""

from __future__ import annotations

import contextlib
import multiprocessing as mp
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")
MEMORY_LIMIT = 3 * 2**30
"""Address space of a worker in bytes; resident memory stays far below."""


@dataclass(frozen=True, slots=True)
class Crash:
    """What became of a task that gave no result: ``timeout``, ``memory`` or ``error``."""

    kind: str
    detail: str
    seconds: float


@dataclass(slots=True)
class _Worker:
    process: Any
    pipe: Connection
    task: int | None = None
    since: float = 0.0


class Pool(Generic[Task, Result]):
    """Runs ``work`` on tasks in processes.

    Args:
        work: the function; forked workers inherit it, so it need not be picklable. Tasks and results must be.
        jobs: number of processes, by default the number of usable cores.
        timeout: seconds a task may take.
        memory: bytes of address space a worker may use.
    """

    def __init__(
        self,
        work: Callable[[Task], Result],
        *,
        jobs: int | None = None,
        timeout: float = 10.0,
        memory: int = MEMORY_LIMIT,
    ) -> None:
        self.work = work
        self.jobs = (
            jobs or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else jobs or os.cpu_count() or 1
        )
        self.timeout = timeout
        self.memory = memory
        self.context: Any = mp.get_context("fork" if "fork" in mp.get_all_start_methods() else "spawn")
        self.workers: list[_Worker] = []

    def map(self, tasks: Sequence[Task]) -> Iterator[tuple[int, Result | Crash]]:
        """Yields ``(number, result)`` as tasks finish, in any order; every task yields once."""
        queue = iter(range(len(tasks)))
        for _ in range(min(self.jobs, len(tasks))):
            self.workers.append(self._start())
        for worker in self.workers:
            self._give(worker, tasks, queue)
        while busy := [w for w in self.workers if w.task is not None]:
            ready = wait([w.pipe for w in busy], timeout=self._patience(busy))
            for worker in busy:
                done = self._collect(worker, worker.pipe in ready)
                if done is not None:
                    yield done
                    self._give(worker, tasks, queue)

    def _patience(self, busy: Sequence[_Worker]) -> float:
        now = time.monotonic()
        return max(0.0, min(w.since + self.timeout - now for w in busy))

    def _start(self) -> _Worker:
        mine, theirs = self.context.Pipe()
        process = self.context.Process(target=_serve, args=(self.work, theirs, self.memory), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, mine)

    def _give(self, worker: _Worker, tasks: Sequence[Task], queue: Iterator[int]) -> None:
        number = next(queue, None)
        worker.task = number
        if number is not None:
            worker.since = time.monotonic()
            worker.pipe.send(tasks[number])

    def _collect(self, worker: _Worker, ready: bool) -> tuple[int, Result | Crash] | None:
        """The outcome of a worker's task, or ``None`` while it still works."""
        assert worker.task is not None
        number, seconds = worker.task, time.monotonic() - worker.since
        if ready:
            try:
                return number, worker.pipe.recv()
            except (EOFError, OSError):
                self._replace(worker)
                return number, Crash("error", "the worker died", seconds)
        if seconds >= self.timeout:
            self._replace(worker)
            return number, Crash("timeout", "", seconds)
        return None

    def _replace(self, worker: _Worker) -> None:
        _end(worker)
        fresh = self._start()
        worker.process, worker.pipe = fresh.process, fresh.pipe

    def close(self) -> None:
        """Ends all workers."""
        for worker in self.workers:
            _end(worker)
        self.workers = []


def _end(worker: _Worker) -> None:
    with contextlib.suppress(OSError):
        worker.pipe.close()
    worker.process.kill()
    worker.process.join()


def _serve(work: Callable[[Any], Any], pipe: Connection, memory: int) -> None:
    """The loop of a worker process."""
    _limit_memory(memory)
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    while True:
        try:
            task = pipe.recv()
        except (EOFError, OSError):
            return
        start = time.monotonic()
        result: Any
        try:
            result = work(task)
        except MemoryError:
            result = Crash("memory", "", time.monotonic() - start)
        except RecursionError:
            result = Crash("error", "nested too deeply", time.monotonic() - start)
        except Exception as error:
            result = Crash("error", f"{type(error).__name__}: {error} [{_where(error)}]", time.monotonic() - start)
        pipe.send(result)


def _where(error: BaseException) -> str:
    """File and line of the innermost frame, for a bug report."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    return f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""


def _limit_memory(limit: int) -> None:
    try:
        import resource
    except ImportError:  # not on this platform
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
