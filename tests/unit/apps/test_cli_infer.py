"""`densehop infer FILE`: the pattern behind a file of examples."""

import json

import numpy as np
import pytest

import densehop as dh
from densehop.apps.cli.program import run


@pytest.fixture(scope="module")
def data():
    return dh.draw_examples(200, 1_600, 2, 4.0, seed=0)


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".csv"])
def test_pattern_is_found_in_a_file(data, suffix, tmp_path, capsys):
    pattern, examples = data
    file = tmp_path / f"examples{suffix}"
    if suffix == ".npy":
        np.save(file, examples)
    elif suffix == ".npz":
        np.savez(file, examples=examples, other=pattern)
    else:
        np.savetxt(file, examples, fmt="%d", delimiter=",")
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
        ("a.dat", b"1 -1", "in no format that is read"),
        ("a.npy", b"", "is no .npy file of numbers"),
        ("a.npy", b"garbage", "is no .npy file of numbers"),
        ("a.npz", b"garbage", "is no .npz file of numbers"),
        ("a.npz", b"PK\x03\x04 and no more", "is no .npz file of numbers"),
        ("a.csv", b"1,-1\n1,\n", "no number stands there"),
        ("a.csv", b"1,-1\n1,x\n", "'x'"),
        ("a.csv", b"1,-1\n1,0\n", "only +1 and -1, got 0.0"),
    ],
)
def test_files_that_are_none_are_refused_in_one_line(name, content, message, tmp_path, capsys):
    (tmp_path / name).write_bytes(content)
    assert run(["infer", str(tmp_path / name), "--p", "3", "--temperature", "4"]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_missing_files_and_wrong_entries_are_one_line(tmp_path, capsys):
    assert run(["infer", str(tmp_path / "none.npy"), "--p", "3", "--temperature", "4"]) == 2
    assert "none.npy" in capsys.readouterr().err
    np.save(tmp_path / "zeros.npy", np.zeros((5, 5)))
    assert run(["infer", str(tmp_path / "zeros.npy"), "--p", "3", "--temperature", "4"]) == 2
    assert "only +1 and -1, got 0.0" in capsys.readouterr().err
    np.savez(tmp_path / "two.npz", a=[1], b=[2])
    assert run(["infer", str(tmp_path / "two.npz"), "--p", "3", "--temperature", "4"]) == 2
    assert "its arrays are a, b" in capsys.readouterr().err
