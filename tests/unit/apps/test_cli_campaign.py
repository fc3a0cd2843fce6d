"""`densehop run`, `status` and `collect` as a user meets them, on the plan of the documentation."""

import dataclasses
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import dask
import pytest
import yaml

import densehop as dh
from densehop.campaign import cluster, store
from densehop.recipes import RECIPES
from tests.campaign_tasks import plan
from tests.command_line import PROGRAM, error_line

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "docs/examples/overlap.yaml"


def test_example_of_the_page_runs_resumes_and_is_collected(densehop, tmp_path):
    out = tmp_path / "overlap"
    first = densehop("run", str(EXAMPLE), "--out", str(out), "--engine", "process")
    assert first.returncode == 0, first.stderr
    assert first.stderr == ""
    assert "overlap: 16 cells, 0 were finished before, 16 now, 0 failed" in first.stdout
    again = densehop("run", str(EXAMPLE), "--out", str(out), "--workers", 2)
    assert "overlap: 16 cells, 16 were finished before, 0 now, 0 failed" in again.stdout
    state = densehop("status", str(out))
    assert state.returncode == 0
    assert "no run is at work" in state.stdout
    assert state.stdout.endswith(f"next: densehop collect {out}\n")
    assert "cells: 16, of which finished 16, failed 0, damaged 0, saved on the way 0, left 0" in state.stdout
    told = json.loads(densehop("status", str(out), "--json").stdout)
    assert told["n_finished"] == 16
    verdicts = told["cells_by_verdict"]
    assert list(verdicts) == ["equilibrated", "too short", "chains disagree", "frozen"]
    assert sum(map(len, verdicts.values())) == 16
    assert "verdicts: " + ", ".join(f"{name} {len(cells)}" for name, cells in verdicts.items()) in state.stdout
    assert state.stdout.count("\ntoo short: p = ") == len(verdicts["too short"])
    collected = densehop("collect", str(out))
    assert collected.returncode == 0, collected.stderr
    dataset = store.load(out / "overlap.nc")
    assert dataset["q_star"].sizes["alpha"] == 2
    assert dataset["verdict"].attrs["flag_meanings"] == "equilibrated too_short chains_disagree frozen"
    assert ((dataset["verdict"] == 0) == (dataset["equilibrated"] == 1)).all()
    assert json.loads(dataset.attrs["parameters"])["name"] == "overlap"


def test_page_shows_the_plan_and_commands_that_exist(densehop):
    page = (ROOT / "docs/campaigns.md").read_text()
    assert EXAMPLE.read_text() in page
    for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL):
        assert yaml.safe_load(block)["name"]
    help_of_run = densehop("run", "--help").stdout
    for option in set(re.findall(r"densehop run [^\n`]*?(--\w+)", page)):
        assert option in help_of_run


def test_python_of_the_page_runs(tmp_path, monkeypatch, capsys):
    page = (ROOT / "docs/campaigns.md").read_text()
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    monkeypatch.chdir(tmp_path)
    exec(compile(code.replace("LocalWorkers", "ThisProcess"), "campaigns.md", "exec"), {"__name__": "__main__"})
    assert "q_star" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "nothing.yaml", "--out", "never"], "cannot read the plan 'nothing.yaml': No such file or directory"),
        (["run", str(EXAMPLE)], "Missing option '--out'"),
        (["run", str(EXAMPLE), "--out", "never", "--engine", "x"], "engine must be one of 'local', 'process', 'dask'"),
        (["run", str(EXAMPLE), "--out", "never", "--workers", "0"], "workers must be an integer >= 1, got 0"),
        (["run", str(EXAMPLE), "--out", "never", "--scheduler", "a:1"], "--scheduler goes with --engine dask, got"),
        (
            ["run", str(EXAMPLE), "--out", "never", "--engine", "process", "--workers", "2"],
            "leave --workers out, got --workers 2",
        ),
        (["run", str(EXAMPLE), "--out", "never", "--seed", "-1"], "--seed: seed: must be greater than or equal to 0"),
        (["status", "."], "'.' is not the folder of a campaign: it holds no plan.json"),
        (["collect", "."], "'.' is not the folder of a campaign: it holds no plan.json"),
    ],
)
def test_wrong_input_is_one_line(arguments, message, densehop, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = densehop(*arguments)
    assert message in error_line(result)
    assert result.returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_scheduler_that_is_not_there_is_one_line(densehop, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECTION_TIMEOUT", 0.5)
    result = densehop("run", EXAMPLE, "--out", tmp_path, "--engine", "dask", "--scheduler", "tcp://127.0.0.1:9")
    assert "no Dask scheduler at 'tcp://127.0.0.1:9'" in error_line(result)
    assert result.returncode == 2
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = densehop("run", EXAMPLE, "--out", tmp_path, "--engine", "dask")
    assert "the Dask engine needs Dask: pip install 'densehop[cluster]'" in error_line(result)


@pytest.mark.parametrize("asked", [False, True])
def test_a_local_cluster_leaves_no_files_behind(asked, tmp_path, monkeypatch):
    """In the usual place and in the one that Dask is configured for."""
    usual, other = tmp_path / "usual", tmp_path / "other"
    usual.mkdir()
    other.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(usual))
    with dask.config.set({"temporary-directory": str(other) if asked else None}):
        workers = cluster.DaskWorkers(n_workers=1)
        assert [bool(list(place.iterdir())) for place in (usual, other)] == [not asked, asked]
        workers.close()
    assert list(usual.iterdir()) == list(other.iterdir()) == []


def test_cells_that_fail_are_told_at_the_end(densehop, tmp_path):
    bad = plan(problem={"p": 10, "load": None, "n_examples": [2, 100]}, n_spins=[256], disorders=1)
    (tmp_path / "plan.json").write_text(bad.model_dump_json())
    result = densehop("run", str(tmp_path / "plan.json"), "--out", str(tmp_path / "out"), "--engine", "process")
    assert result.returncode == 1
    assert "2 cells, 0 were finished before, 1 now, 1 failed" in result.stdout
    assert re.search(
        r"failed: p = 10, N = 256, M = 100, T = 2, T\* = 2, disorder = 0, start = pattern: ", result.stdout
    )
    assert densehop("status", str(tmp_path / "out")).returncode == 1
    partial = densehop("collect", str(tmp_path / "out"))
    assert partial.returncode == 1
    assert "1 of 2 cells have no result; they are nan" in partial.stderr
    assert int(store.load(tmp_path / "out" / "tiny.nc")["q_star"].isnull().sum()) == 1


@pytest.mark.long
def test_a_figure_whose_cells_fail_is_no_wrong_input(densehop, tmp_path, monkeypatch):
    def fails(*_):
        raise dh.errors.Incomplete("2 of 3 cells failed")

    monkeypatch.setitem(RECIPES, "landscape", dataclasses.replace(RECIPES["landscape"], compute=fails))
    result = densehop("reproduce", "landscape", "--out", tmp_path)
    assert (result.returncode, error_line(result)) == (1, "densehop: 2 of 3 cells failed")


def test_full_disk_is_one_line_and_finished_cells_stay(densehop, tmp_path):
    """Files may not grow beyond 16 KiB: small cells fit, a long one does not."""
    content = plan(problem={"load": [6.0]}, disorders=1).model_dump(mode="json")
    long = json.loads(json.dumps(content["grids"][0])) | {"n_spins": [18], "starts": ["random"]}
    long["schedule"] = long["schedule"] | {"n_sweeps": 3000}
    long["problem"] = long["problem"] | {"temperature": [8.0]}
    (tmp_path / "plan.json").write_text(json.dumps(content | {"grids": [*content["grids"], long]}))
    program = f"{sys.executable} -m densehop run {tmp_path}/plan.json --out {tmp_path}/out --engine process"
    densehop("run", str(tmp_path / "plan.json"), "--out", str(tmp_path / "calm"), "--engine", "process")
    result = subprocess.run(
        ["bash", "-c", f"ulimit -f 16; exec {program}"], capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 1
    assert "File too large; finished cells stay, the same command goes on where this one stopped" in error_line(result)
    assert (
        densehop("run", str(tmp_path / "plan.json"), "--out", str(tmp_path / "out"), "--engine", "process").returncode
        == 0
    )
    for name in ("calm", "out"):
        densehop("collect", str(tmp_path / name))
    assert store.load(tmp_path / "calm/tiny.nc").equals(store.load(tmp_path / "out/tiny.nc"))


def test_interrupt_says_how_to_go_on(tmp_path):
    """Ctrl-C, pressed three times, in a long cell."""
    long = plan(schedule={"n_sweeps": 10_000_000})
    (tmp_path / "plan.json").write_text(long.model_dump_json())
    out = tmp_path / "out"
    process = subprocess.Popen(
        [*PROGRAM, "run", str(tmp_path / "plan.json"), "--out", str(out), "--engine", "process"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not (out / "plan.json").exists():
        time.sleep(0.1)
    time.sleep(2)
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        time.sleep(0.05)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    said = f"finished cells stay in '{out}', the same command resumes the others"
    assert errors.strip() == f"densehop: interrupted; {said}"
    assert output == ""
    assert len(list((out / "checkpoints").glob("*.npz"))) == 1


def test_devices_that_cannot_be_are_refused(densehop, tmp_path):
    run = ("run", str(EXAMPLE), "--out", str(tmp_path))
    figure = ("reproduce", "nishimori-phase-diagram", "--out", str(tmp_path))
    for options, said in [
        ((*run, "--engine", "dask", "--device", "accelerator"), "leave --engine dask out"),
        ((*run, "--device", "gpu"), "device must be one of"),
        ((*figure, "--device", "accelerator"), "has no campaign"),
    ]:
        result = densehop(*options)
        assert result.returncode == 2
        assert said in error_line(result)
