"""`densehop infer FILE`: the pattern behind a file of examples."""

import json

import numpy as np
import pytest

import densehop as dh
from densehop.apps.cli.program import run


@pytest.fixture(scope="module")
def data():
    return dh.draw_examples(200, 1_600, 2, 4.0, seed=0)


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_pattern_is_found_in_a_file(data, suffix, tmp_path, capsys):
    pattern, examples = data
    file = tmp_path / f"examples{suffix}"
    np.save(file, examples) if suffix == ".npy" else np.savez(file, examples=examples)
    arguments = ["infer", str(file), "--p", "2", "--temperature", "4", "--out", str(tmp_path / "m.npy")]
    assert run([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"] == "found"
    assert abs(np.dot(found["pattern"], pattern.astype(int))) > 0.8 * len(pattern)
    np.testing.assert_allclose(np.load(tmp_path / "m.npy"), found["magnetisations"])
    assert run(arguments) == 0
    text = capsys.readouterr().out
    assert "verdict: found" in text
    assert found["reason"] in text


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"1 -1", "must be a .npy or .npz file"),
        ("a.npy", b"", "holds no array of numbers"),
        ("a.npy", b"garbage", "holds no array of numbers"),
        ("a.npz", b"garbage", "holds no array of numbers"),
        ("a.npz", b"PK\x03\x04 and no more", "holds no array of numbers"),
    ],
)
def test_files_that_are_none_are_refused_in_one_line(name, content, message, tmp_path, capsys):
    (tmp_path / name).write_bytes(content)
    assert run(["infer", str(tmp_path / name), "--p", "3", "--temperature", "4"]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_missing_files_and_wrong_entries_are_one_line(tmp_path, capsys):
    assert run(["infer", str(tmp_path / "none.npy"), "--p", "3", "--temperature", "4"]) == 1
    assert "none.npy" in capsys.readouterr().err
    np.save(tmp_path / "zeros.npy", np.zeros((5, 5)))
    assert run(["infer", str(tmp_path / "zeros.npy"), "--p", "3", "--temperature", "4"]) == 2
    assert "only +1 and -1, got 0.0" in capsys.readouterr().err
    np.savez(tmp_path / "two.npz", a=[1], b=[2])
    assert run(["infer", str(tmp_path / "two.npz"), "--p", "3", "--temperature", "4"]) == 2
    assert "must hold one array, got 2: a, b" in capsys.readouterr().err
