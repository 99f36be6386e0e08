"""The pool of workers: a task that hangs, dies or eats memory costs itself and nothing else."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from symdl.isolation import Crash, Pool


def results(work: Callable[[Any], Any], tasks: list[Any], **options: Any) -> dict[int, Any]:
    """Runs all tasks and checks that each came back once."""
    pool = Pool(work, **options)
    try:
        pairs = list(pool.map(tasks))
    finally:
        pool.close()
    assert sorted(k for k, _ in pairs) == list(range(len(tasks)))
    return dict(pairs)


def test_all_results_come_back_with_their_numbers() -> None:
    found = results(lambda x: x * x, list(range(50)), jobs=2)
    assert [found[k] for k in range(50)] == [k * k for k in range(50)]


def test_no_tasks() -> None:
    assert results(lambda x: x, [], jobs=2) == {}


def test_many_tasks() -> None:
    start = time.monotonic()
    found = results(lambda x: x + 1, list(range(3_000)), jobs=3)
    assert found[2_999] == 3_000 and time.monotonic() - start < 15


def test_more_workers_than_tasks() -> None:
    assert results(lambda x: x, [1, 2], jobs=8) == {0: 1, 1: 2}


def test_a_hang_costs_only_itself() -> None:
    start = time.monotonic()
    found = results(lambda x: time.sleep(60) if x == 3 else x, list(range(8)), jobs=2, timeout=0.7)
    assert time.monotonic() - start < 10
    assert isinstance(found[3], Crash) and found[3].kind == "timeout" and found[3].seconds >= 0.7
    assert [found[k] for k in range(8) if k != 3] == [0, 1, 2, 4, 5, 6, 7]


def test_a_busy_loop_that_ignores_signals_is_ended_too() -> None:
    def stubborn(x: int) -> int:
        if x == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            while True:
                pass
        return x

    found = results(stubborn, [0, 1, 2], jobs=1, timeout=0.7)
    assert found[0].kind == "timeout" and (found[1], found[2]) == (1, 2)


def test_every_task_may_hang() -> None:
    found = results(lambda x: time.sleep(60), list(range(4)), jobs=2, timeout=0.4)
    assert {c.kind for c in found.values()} == {"timeout"}


def test_the_memory_limit() -> None:
    def greedy(x: int) -> int:
        return len(bytearray(4 * 2**30)) if x == 1 else x

    found = results(greedy, [0, 1, 2], jobs=1, memory=2 * 2**30)
    assert (found[0], found[2]) == (0, 2)
    assert isinstance(found[1], Crash) and found[1].kind == "memory"


@pytest.mark.parametrize("how", ["exit", "kill"])
def test_a_death_costs_only_itself(how: str) -> None:
    def die(x: int) -> int:
        if x == 1:
            {"exit": lambda: os._exit(7), "kill": lambda: os.kill(os.getpid(), 9)}[how]()
        return x

    found = results(die, [0, 1, 2, 3], jobs=2)
    assert isinstance(found[1], Crash) and found[1].kind == "error" and found[1].detail
    assert (found[0], found[2], found[3]) == (0, 2, 3)


def test_an_exception_is_told_in_words() -> None:
    def fail(x: int) -> float:
        return 1 / x

    found = results(fail, [1, 0, 2], jobs=1)
    assert (
        found[1].kind == "error" and "ZeroDivisionError" in found[1].detail and "test_isolation.py" in found[1].detail
    )
    assert (found[0], found[2]) == (1.0, 0.5)


def test_deep_recursion() -> None:
    def deep(x: int) -> int:
        return deep(x + 1) + 1

    assert results(deep, [0], jobs=1)[0].kind == "error"


def test_a_result_that_cannot_travel_costs_only_itself() -> None:
    found = results(lambda x: (lambda: x) if x == 1 else x, [0, 1, 2], jobs=1)
    assert isinstance(found[1], Crash) and found[1].kind == "error"
    assert (found[0], found[2]) == (0, 2)


def test_what_exits_costs_only_itself() -> None:
    def leave(x: int) -> int:
        if x == 1:
            raise SystemExit(3)
        return x

    found = results(leave, [0, 1, 2], jobs=1)
    assert isinstance(found[1], Crash) and (found[0], found[2]) == (0, 2)


def test_a_large_task_and_a_large_result() -> None:
    text = "x" * 3_000_000
    assert results(lambda t: t + "y", [text, "a"], jobs=2) == {0: text + "y", 1: "ay"}


def test_workers_inherit_what_is_no_pickle() -> None:
    table = {"f": lambda x: x + 1}
    assert results(lambda x: table["f"](x), [1], jobs=1) == {0: 2}


def children() -> set[int]:
    import multiprocessing

    return {p.pid or 0 for p in multiprocessing.active_children()}


def test_nothing_is_left_behind() -> None:
    before = children()
    results(lambda x: time.sleep(30) if x else x, [0, 1], jobs=2, timeout=0.3)
    assert children() <= before
    pool = Pool(lambda x: time.sleep(30) if x else x, jobs=2)
    assert next(pool.map([0, 1, 2])) == (0, 0)
    pool.close()  # two tasks are still at work
    assert children() <= before


def test_an_interrupt_reaches_the_parent_only() -> None:
    pool = Pool(lambda x: time.sleep(x) or x, jobs=2)
    timer = threading.Timer(0.5, lambda: signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT))
    seen = []
    try:
        with pytest.raises(KeyboardInterrupt):
            timer.start()
            for pair in pool.map([0, 20, 20]):
                seen.append(pair)
    finally:
        timer.cancel()
        start = time.monotonic()
        pool.close()
    assert seen == [(0, 0)] and time.monotonic() - start < 5


def test_workers_ignore_an_interrupt() -> None:
    def interrupted(x: int) -> int:
        os.kill(os.getpid(), signal.SIGINT)
        return x

    assert results(interrupted, [5, 6], jobs=1) == {0: 5, 1: 6}
