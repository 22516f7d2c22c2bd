"""Worker processes: every task once, whatever dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from nbo_extract.batch.cost import Sizes
from nbo_extract.batch.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


def doubled(data: bytes, task: int) -> int:
    return task * int(data)


def deadly(data: bytes, task: int) -> int:
    """Die at the tasks that the data name; at others of them only once, which a file says."""
    folder, always, once = data.decode().split("|")
    mark = os.path.join(folder, f"{task}")
    if str(task) in always.split(",") or (str(task) in once.split(",") and not os.path.exists(mark)):
        with open(mark, "a") as file:
            file.write("x")
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def told(data: bytes, task: int) -> int:
    with open(os.path.join(data.decode(), f"{task}-{os.getpid()}"), "x"):
        pass
    time.sleep(0.01)
    return task


def dead(data: bytes, task: int) -> int:
    os._exit(1)


@pytest.mark.parametrize("number", [1, 3])
def test_every_task_once(number: int) -> None:
    pool: Workers[int, int] = Workers(doubled, b"2", number)
    results = [(d.task, d.result) for d in pool.run(range(500))]
    assert sorted(results) == [(n, 2 * n) for n in range(500)]
    assert pool.processes == []


def test_no_more_workers_than_there_is_work_for() -> None:
    pool: Workers[int, int] = Workers(doubled, b"2", 4)
    seen = 0
    for _ in pool.run([7]):
        seen = len(pool.processes)
    assert seen == 1
    assert list(pool.run([])) == []


def test_a_task_that_kills_is_given_up_and_costs_no_other(tmp_path: Path) -> None:
    pool: Workers[int, int] = Workers(deadly, f"{tmp_path}|30|3,55,90".encode(), 2)
    results = {d.task: d.result for d in pool.run(range(100))}
    assert results == {n: None if n == 30 else n for n in range(100)}
    # One try, and one more; those that die once are done by the next worker.
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"30": "xx", "3": "x", "55": "x", "90": "x"}


def test_workers_that_are_killed_at_random(tmp_path: Path) -> None:
    pool: Workers[int, int] = Workers(told, str(tmp_path).encode(), 2)
    results = []
    for done in pool.run(range(120)):
        results.append(done.task)
        if len(results) in (10, 40, 80):
            os.kill(pool.processes[0], signal.SIGKILL)
    assert sorted(results) == list(range(120))


def test_no_worker_can_start() -> None:
    pool: Workers[int, int] = Workers(dead, b"", 2)
    with pytest.raises(RuntimeError, match=r"^worker processes die as soon as they start$"):
        list(pool.run(range(100)))
    assert pool.processes == []


def test_nothing_is_given_out_after_a_stop(tmp_path: Path) -> None:
    results: list[int] = []
    taken = []

    def source() -> Iterator[int]:
        for n in range(10_000):
            taken.append(n)
            yield n

    pool: Workers[int, int] = Workers(told, str(tmp_path).encode(), 2, Sizes(), lambda: len(results) >= 20)
    for done in pool.run(source()):
        results.append(done.task)
    # What was given out is finished and told.
    assert sorted(results) == taken
    assert len(taken) < 1000


def test_a_run_that_is_left_ends_its_processes(tmp_path: Path) -> None:
    pool: Workers[int, int] = Workers(told, str(tmp_path).encode(), 2)
    with closing(pool.run(range(10_000))) as results:
        next(results)
        processes = pool.processes
    assert pool.processes == []
    for number in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)
    # A worker ends at the answer that nobody takes.
    assert len(list(tmp_path.iterdir())) < 200


_MAIN = """
import sys
sys.path.insert(0, sys.argv[2])
if __name__ == "__main__":
    from nbo_extract.batch.workers import Workers
    from test_workers import told
    for done in Workers(told, sys.argv[1].encode(), 2).run(range(100_000)):
        print(done.task, flush=True)
"""


def test_workers_whose_parent_is_killed_begin_nothing_more(tmp_path: Path) -> None:
    done = tmp_path / "done"
    done.mkdir()
    script = tmp_path / "main.py"
    script.write_text(_MAIN)
    command = [sys.executable, str(script), str(done), os.path.dirname(__file__)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(50):
            process.stdout.readline()
        process.kill()
        process.wait()
        begun = len(os.listdir(done))
        processes = {int(name.partition("-")[2]) for name in os.listdir(done)}
    deadline = time.monotonic() + 30
    while any(map(_alive, processes)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(map(_alive, processes))
    # Each may just have asked whether it has a parent.
    assert len(os.listdir(done)) <= begun + len(processes)


def _alive(number: int) -> bool:
    try:
        os.kill(number, 0)
        with open(f"/proc/{number}/stat") as stream:
            return stream.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_pause_waits_for_an_answer() -> None:
    answered: list[int] = []

    def source() -> Iterator[int | None]:
        for n in range(50):
            while n - len(answered) > 5:
                yield None
            yield n

    pool: Workers[int, int] = Workers(doubled, b"1", 2)
    for done in pool.run(source()):
        answered.append(done.task)
    assert sorted(answered) == list(range(50))


def test_slow_tasks_go_alone() -> None:
    sizes = Sizes()
    assert sizes.tasks() == 1
    for _ in range(50):
        sizes.took(0.002)
    assert 32 <= sizes.tasks() <= 64
    for _ in range(3):
        sizes.took(5.0)
    assert sizes.tasks() == 1
    for _ in range(100):
        sizes.took(0.00001)
    assert sizes.tasks() == 64
