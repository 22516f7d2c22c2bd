"""A dask cluster gives the bytes of one process, whatever dies."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from nbo_extract.batch.cluster import Cluster
from nbo_extract.batch.cost import Sizes
from nbo_extract.cli import batch_cluster
from nbo_extract.cli.batch import Item, do
from nbo_extract.cli.batch_cluster import Away, as_named, do_there, on_cluster, reached, unseen
from nbo_extract.cli.group import Refusal
from nbo_extract.cli.work import Job, Outcome, Task
from nbo_extract.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from commands import Result

    Run = Callable[..., Result]

distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed; pip install '.[cluster]'")
pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL"),
    # dask leaves sockets to its event loop.
    pytest.mark.filterwarnings("default"),
]
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join(filter(None, [*sys.path, os.path.dirname(__file__)])),
    # A worker that dies once at a batch gives it back: the default of dask is four.
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",
}
LOST = "nbo-extract: the scheduler is lost; what is finished is kept, and the same command goes on there\n"
HINT = "nbo-extract: finishing what is being written; Ctrl-C again ends at once\n"


class Machines:
    """A scheduler and workers with their nannies, as processes of their own.

    Parameters
    ----------
    folder : Path
    workers : int
    """

    def __init__(self, folder: Path, workers: int) -> None:
        file = folder / "scheduler.json"
        common = ["--no-dashboard", "--host", "127.0.0.1"]
        self.scheduler = self._start("scheduler", "--port", "0", "--scheduler-file", str(file), *common, "--no-show")
        self.file = str(file)
        given = ["--scheduler-file", str(file), "--nthreads", "1", "--memory-limit", "0", *common]
        self.nannies = [
            self._start("worker", "--local-directory", str(folder), "--name", str(n), *given) for n in range(workers)
        ]

    def _start(self, kind: str, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *options]
        return subprocess.Popen(
            command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )

    def end(self) -> None:
        """End all, and what they have started."""
        for process in (*self.nannies, self.scheduler):
            for number in (signal.SIGTERM, signal.SIGKILL):
                if process.poll() is None:
                    os.killpg(process.pid, number)
                    try:
                        process.wait(5)
                    except subprocess.TimeoutExpired:
                        continue


@contextmanager
def machines(folder: Path, workers: int) -> Iterator[Machines]:
    started = Machines(folder, workers)
    try:
        for _ in range(200):
            if os.path.exists(started.file):
                break
            time.sleep(0.1)
        with distributed.Client(scheduler_file=started.file, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=30)
        yield started
    finally:
        started.end()


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    with machines(tmp_path_factory.mktemp("cluster"), 2) as started:
        yield started


@pytest.fixture
def client(two: Machines) -> Iterator[Any]:
    with distributed.Client(scheduler_file=two.file, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=30)
        yield client


# -- what is run on the workers ---------------------------------------------------------------------------------------


def doubled(data: bytes, task: int) -> tuple[int, int]:
    return task * int(data), id(data)


def deadly(data: bytes, task: int) -> int:
    """Die at the first of the tasks that the data name always, at the others once."""
    folder, always, once = data.decode().split("|")
    mark = os.path.join(folder, f"{task}")
    if str(task) == always or (str(task) in once.split(",") and not os.path.exists(mark)):
        with open(mark, "a") as file:
            file.write("x")
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def slow(data: bytes, task: int) -> int:
    time.sleep(float(data))
    return task


def tasks_left(dask_scheduler: Any) -> int:
    return len(dask_scheduler.tasks)


def left(client: Any) -> int:
    for _ in range(50):
        number = int(client.run_on_scheduler(tasks_left))
        if not number:
            break
        time.sleep(0.1)
    return number


def test_every_task_once_and_the_job_sent_once(client: Any) -> None:
    cluster: Cluster[int, tuple[int, int]] = Cluster(client, doubled, b"2" * 1)
    results = {d.task: d.result for d in cluster.run(range(3000))}
    assert {task: result[0] for task, result in results.items() if result} == {n: 2 * n for n in range(3000)}
    # One object in each of the two processes.
    assert 1 <= len({result[1] for result in results.values() if result}) <= 2
    assert left(client) == 0
    assert list(cluster.run([])) == []


def test_a_pause_waits_for_an_answer(client: Any) -> None:
    answered: list[int] = []

    def source() -> Iterator[int | None]:
        for n in range(40):
            while n - len(answered) > 5:
                yield None
            yield n

    cluster: Cluster[int, int] = Cluster(client, slow, b"0.001")
    for done in cluster.run(source()):
        answered.append(done.task)
    assert sorted(answered) == list(range(40))


def test_a_stop_leaves_what_is_not_begun(client: Any) -> None:
    results: list[int] = []
    cluster: Cluster[int, int] = Cluster(client, slow, b"0.02", Sizes(), lambda: len(results) >= 10)
    begun = time.monotonic()
    for done in cluster.run(range(10_000)):
        results.append(done.task)
    assert 10 <= len(results) < 80
    assert time.monotonic() - begun < 5
    assert left(client) == 0


def test_a_run_that_is_left_forgets_its_tasks(client: Any) -> None:
    cluster: Cluster[int, int] = Cluster(client, slow, b"0.02")
    with closing(cluster.run(range(10_000))) as results:
        next(results)
    assert left(client) == 0


def test_a_task_that_kills_is_given_up_and_costs_no_other(client: Any, tmp_path: Path) -> None:
    cluster: Cluster[int, int] = Cluster(client, deadly, f"{tmp_path}|30|3".encode())
    results = {d.task: d.result for d in cluster.run(range(60))}
    assert results == {n: None if n == 30 else n for n in range(60)}
    assert (tmp_path / "3").read_text() == "x"
    # At the end, alone, and before that once with others and once by itself.
    assert (tmp_path / "30").read_text() in ("xx", "xxx")
    assert left(client) == 0


def test_a_worker_of_another_version(client: Any, two: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = (
        r"the worker tcp://127\.0\.0\.1:\d+ has another version of nbo-extract, or other tables, than this program; "
        "install the same on all"
    )
    with monkeypatch.context() as patch:
        patch.setattr("nbo_extract.batch.cluster.product", lambda: "other")
        cluster: Cluster[int, tuple[int, int]] = Cluster(client, doubled, b"2")
        with pytest.raises(UsageError, match=f"^{sentence}$"):
            list(cluster.run(range(10)))
    monkeypatch.setattr("nbo_extract.batch.stamps.product", lambda: "other")
    with pytest.raises(Refusal, match=f"^{sentence}$"), reached(two.file, ()):
        pass


def test_a_folder_that_workers_do_not_see(two: Machines, tmp_path: Path) -> None:
    missing = str(tmp_path / "here alone")
    with pytest.raises(Refusal) as refused, reached(two.file, (str(tmp_path), missing)):
        pass
    host = os.uname().nodename
    assert refused.value.message == unseen(missing, host)
    assert refused.value.message == (
        f"{missing}: the worker {host} cannot see it; mount the folder there under the same name"
    )
    assert unseen("/a", "b", 2).startswith("/a: the worker b cannot see it, and neither can 2 others; mount")


# -- paths ------------------------------------------------------------------------------------------------------------


def test_an_image_that_a_worker_does_not_see(tmp_path: Path) -> None:
    item = Item(1, Task(str(tmp_path / "a.czi"), stamp="1:1"), full=False)
    host = os.uname().nodename
    outcome = do_there(b"", Away(item, (str(tmp_path),)))
    assert outcome.message == unseen(item.task.path, host)
    assert (outcome.state, outcome.passing, outcome.path) == ("failed", True, item.task.path)
    assert do_there(b"", Away(item, (str(tmp_path / "x"),))).message == unseen(str(tmp_path / "x"), host)


def test_an_image_that_is_gone_is_told_as_with_one_process(client: Any, tmp_path: Path) -> None:
    import pickle

    data = pickle.dumps(Job("write"))
    item = Item(1, Task(str(tmp_path / "a.czi"), str(tmp_path / "a.czi.nbo.xml"), stamp="1:1"), full=False)
    (done,) = on_cluster(client, (str(tmp_path),), data, [item], bool)
    assert done.task is item
    assert done.result == do(data, item)


def test_paths_come_back_as_they_were_named() -> None:
    whole, named = Task("/d/x/a.czi", "/d/x/a.czi.nbo.xml", ("/d/x/b.czi",)), Task("a.czi", "out", ("b.czi",))
    outcome = Outcome(
        "/d/x/a.czi", "failed", "/d/x/a.czi: bad", target="/d/x/a.czi.nbo.xml", told=("/d/x/b.czi",), row={"n": 1}
    )
    assert as_named(outcome, whole, named) == Outcome(
        "a.czi", "failed", "a.czi: bad", target="out", told=("b.czi",), row={"n": 1}
    )
    assert as_named(outcome, whole, whole) is outcome


# -- options ----------------------------------------------------------------------------------------------------------


def test_no_scheduler_there(run: Run, sample_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_cluster, "PATIENCE", 1)
    result = run(str(sample_data), "--dry-run", "--scheduler", "tcp://127.0.0.1:9")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "nbo-extract: no dask scheduler answers at tcp://127.0.0.1:9 within 1 s "
        "(Timed out trying to connect to tcp://127.0.0.1:9); give its address with --scheduler, "
        "such as tcp://HOST:8786\n"
    )
    result = run(str(sample_data), "--dry-run", "--scheduler", "nonsense")
    assert result.code == 2
    assert result.err.startswith("nbo-extract: no dask scheduler answers at nonsense within 1 s (")
    assert result.err.count("\n") == 1
    result = run(str(sample_data), "--dry-run", "--scheduler", "nowhere.json")
    assert (result.code, result.err) == (
        2,
        "nbo-extract: nowhere.json: no dask scheduler has written this file within 1 s; check the path\n",
    )


def test_options_that_contradict_each_other(run: Run, sample_data: Path) -> None:
    result = run(str(sample_data), "--dry-run", "--workers", "2", "--scheduler", "tcp://127.0.0.1:9")
    assert (result.code, result.err) == (
        2,
        "nbo-extract: --workers is for this machine, and --scheduler has workers of its own; leave one of them out\n",
    )
    result = run(str(sample_data / "widefield.czi"), "--scheduler", "tcp://127.0.0.1:9")
    assert result.err == "nbo-extract: --scheduler is for folders, and there is none; leave it out\n"


def test_dask_is_not_installed(run: Run, sample_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = run(str(sample_data), "--dry-run", "--scheduler", "tcp://127.0.0.1:9")
    assert (result.code, result.err) == (
        2,
        "nbo-extract: --scheduler needs dask.distributed, which is not installed; pip install 'nbo-extract[cluster]'\n",
    )


# -- whole runs -------------------------------------------------------------------------------------------------------


def made(folder: Path, sample_data: Path, number: int) -> Path:
    """Make images, one of them damaged."""
    for n in range(number):
        for name in ("widefield.czi", "confocal.ome.tiff"):
            place = folder / "data" / f"{n % 3}" / f"{n:03} {name}"
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(sample_data / name, place)
    shutil.copytree(sample_data / "cells_v05.ome.zarr", folder / "data" / "cells.ome.zarr")
    (folder / "data" / "bad.czi").write_bytes((sample_data / "widefield.czi").read_bytes()[:300])
    shutil.copy2(sample_data / "microscope.json", folder)
    return folder


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "nbo_extract", "data", "--hardware", "microscope.json", *options]


def whole_run(folder: Path, *options: str) -> Result:
    from commands import Result

    done = subprocess.run(
        command(*options), cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=120
    )
    return Result(done.returncode, done.stdout, done.stderr)


def outputs(folder: Path) -> dict[str, bytes]:
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() and not p.name.startswith(".nbo-extract.journal"))
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def lines(text: str) -> list[str]:
    """Return what was told, without its order."""
    bare = (re.sub(r"^\[ *\d+/\d+\] ", "", line) for line in text.splitlines())
    # States are counted in the order in which they come.
    return sorted(", ".join(sorted(re.split("[:,] ", line))) for line in bare)


@pytest.mark.parametrize(("options", "number"), [(["-o", "out"], 10), (["--embed"], 5)])
def test_the_bytes_of_one_process(
    options: list[str], number: int, two: Machines, sample_data: Path, tmp_path: Path
) -> None:
    results, found = [], []
    for name, where in (("one", []), ("local", ["--workers", "2"]), ("there", ["--scheduler", two.file])):
        folder = made(tmp_path / name, sample_data, 5)
        results.append(whole_run(folder, *options, *where))
        found.append(outputs(folder))
    assert [r.code for r in results] == [3, 3, 3]
    assert len([n for n in found[0] if n.endswith(".nbo.xml")]) == number + ("-o" in options)
    assert found[1] == found[0]
    assert found[2] == found[0]
    told = [(lines(r.out), lines(r.err)) for r in results]
    assert told[1:] == [told[0]] * 2
    if "-o" in options:
        # All is done, and is not done again.
        assert "11 done before" in whole_run(folder, *options, "--scheduler", two.file).out
        assert outputs(folder) == found[0]


@contextmanager
def under_way(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Start a run, and go on when it has written something."""
    before = len(list((folder / "out").rglob("*.nbo.xml")))
    process = subprocess.Popen(
        command(*options), cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        for _ in range(600):
            if process.poll() is not None or len(list((folder / "out").rglob("*.nbo.xml"))) > before + 5:
                break
            time.sleep(0.05)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.mark.slow
def test_stopped_then_a_worker_killed_then_the_scheduler(two: Machines, sample_data: Path, tmp_path: Path) -> None:
    psutil = importlib.import_module("psutil")  # of distributed
    folder = made(tmp_path / "there", sample_data, 60)
    expected = made(tmp_path / "one", sample_data, 60)
    assert whole_run(expected, "-o", "out", "--workers", "2", "-q").code == 3
    options = ["-o", "out", "-q", "--scheduler", two.file]
    with under_way(folder, *options) as run:
        run.send_signal(signal.SIGINT)
        err = run.communicate(timeout=20)[1]
    assert run.returncode == 130
    assert HINT in err
    assert "images are left, and the same command goes on there" in err
    assert "Traceback" not in err
    stopped = outputs(folder)
    assert 5 < len([n for n in stopped if n.endswith(".nbo.xml")]) < 121

    with machines(tmp_path, 2) as others:
        options[-1] = others.file
        with under_way(folder, *options) as run:
            time.sleep(0.3)
            (worker,) = [
                c for c in psutil.Process(others.nannies[0].pid).children() if "spawn" in " ".join(c.cmdline())
            ]
            worker.kill()
            time.sleep(0.3)
            others.scheduler.kill()
            err = run.communicate(timeout=40)[1]
        # Where it had come to its end, there was nothing to lose.
        assert (run.returncode, err[-len(LOST) :]) == (2, LOST)
        assert "distributed" not in err
        assert "Traceback" not in err
    done = whole_run(folder, "-o", "out", "-q")
    assert done.code == 3
    assert outputs(folder) == outputs(expected)


def test_one_process_imports_no_dask(sample_data: Path, tmp_path: Path) -> None:
    made(tmp_path, sample_data, 1)
    code = (
        "import sys\nfrom nbo_extract.cli import main\n"
        "try:\n    main(sys.argv[1:])\nfinally:\n"
        "    print([m for m in sys.modules if m.partition('.')[0] in ('dask', 'distributed')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "data", "-q"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1] == "[]"
