"""The commands of practice, in this process."""

import json
import re

import joblib
import numpy as np
import pytest

from densehop.apps.cli.program import run
from densehop.learn import image_tasks
from densehop.learn.classifier.estimator import DenseAssociativeClassifier
from densehop.learn.data import datasets
from densehop.learn.location import locate
from densehop.learn.memory.estimator import DenseAssociativeMemory

QUICK = ("--steps", "5", "--queries", "20")


@pytest.fixture
def read(capsys, tmp_path):
    def say(*arguments):
        """Run a command that prints JSON; return what it says."""
        assert run([*arguments, "--out", str(tmp_path), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return say


def test_restore(read, tmp_path):
    found = read("restore", "--memories", "60")
    assert found["error"] <= found["nearest_neighbour_error"] + 1e-12
    assert sorted(path.name for path in tmp_path.iterdir()) == ["restore.pdf", "restore.png"]
    memory = DenseAssociativeMemory()
    again = image_tasks.restore_images(datasets.load("digits"), memory, 60, 0.5)
    assert found["error"] == again.error.mean()
    hard = read("restore", "--memories", "60", "--interaction", "strict", "--degree", "2")
    assert hard["error"] > 5 * found["error"]


def test_restore_of_grey_and_of_inverted_pixels(read):
    assert read("restore", "--memories", "40", "--graded", "--hidden", "0.4")["error"] < 0.02
    found = read("restore", "--memories", "40", "--hidden", "0", "--flipped", "0.2")
    assert found["right_memory"] > 0.6
    both = read("restore", "--memories", "40", "--hidden", "0.2", "--flipped", "0.1")
    assert both["error"] < 0.2


@pytest.mark.parametrize("interaction", ["exponential", "rectified"])
def test_restore_never_advises_the_energy_that_was_used(interaction, capsys, tmp_path):
    assert (
        run(["restore", "--memories", "60", "--hidden", "0.8", "--interaction", interaction, "--out", str(tmp_path)])
        == 0
    )
    assert ("--interaction exponential" in capsys.readouterr().out) == (interaction == "rectified")


def test_classify(read, tmp_path):
    found = read("classify", "--epochs", "3", "--memories", "30")
    assert found["accuracy"] > 0.9
    assert found["test_images"] == 540
    assert 1 < found["memories_in_use"] < 30
    assert (tmp_path / "classify.png").stat().st_size > 1000


def test_memories_in_use_counts_shares():
    digits = datasets.load("digits")
    images, classes = digits.images[:300], digits.classes[:300]
    used = []
    for degree in (1, 300):
        model = DenseAssociativeClassifier(degree=degree, kind="stored").fit(images, classes)
        used.append(image_tasks.memories_in_use(model, images[:20], classes[:20]))
    assert used[0] > 100
    assert used[1] < 3


def test_attack(read, capsys, tmp_path):
    found = read("attack", "--images", "20", "--degrees", "3", "--epochs", "2", "--sizes", "0.2,0", *QUICK)
    assert set(found["models"]) == {"linear", "learned, n = 3"}
    curve = found["models"]["linear"]
    assert curve["sizes"] == [0, 0.2]
    assert curve["worst"][1] < curve["worst"][0]
    assert (tmp_path / "attack.pdf").exists()
    assert run(["attack", "--sizes", "wide"]) == 2
    assert "--sizes must be numbers" in capsys.readouterr().err


def test_locate(read):
    found = read("locate", "--random", "120", "--memories", "8", "--trials", "20")
    assert found["phase"] == "gR"
    assert abs(found["measured_eps"] - found["predicted_eps"]) < 0.1
    images = read("locate", "--memories", "30", "--trials", "2")
    assert images["correlated"] is True
    assert images["effective_phase"] == "SG"


def test_locate_says_why_similar_rows_do_not_hold_and_what_would_hold_them(densehop, tmp_path):
    """Of 40 rows, fewer than the usual 50; the advice is tried: its energies hold them, milder ones do not."""
    random = np.random.default_rng(3)
    common = random.choice([-1, 1], 100)
    rows = np.where(random.random((40, 100)) < 0.15, -common, common)
    np.save(tmp_path / "rows.npy", rows.astype(np.int8))
    said = densehop("locate", "--data", tmp_path / "rows.npy", "--trials", "2", "--out", tmp_path).stdout
    assert "Fixed points at T = 0 (measured): 0 of 40." in said
    assert "Why: random memories are retrieved up to load 0.922" in said
    ratio = float(re.search(r"the crosstalk of these is ([0-9.]+) times as large", said)[1])
    assert ratio == pytest.approx(locate(rows, 3, n_trials=2).effective_load / 0.9224, rel=0.05)
    bodies = int(re.search(r"The strict energy does from --p (\d+) on", said)[1])
    beta = float(re.search(r'DenseAssociativeMemory\("exponential", beta=([0-9.e-]+)\)', said)[1])

    def held(name, degree, sharpness):
        memory = DenseAssociativeMemory(name, degree=degree, beta=sharpness, encoding="binary").fit(rows)
        return (memory.transform(rows) == rows).all(axis=1).mean()

    assert held("strict", bodies, None) >= 0.95 > held("strict", bodies - 1, None)
    assert held("exponential", 3, 1.05 * beta) >= 0.95 > held("exponential", 3, beta / 1.2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["restore", "--data", "cats"], "the data must be digits"),
        (["restore", "--hidden", "1"], "hidden must be a share"),
        (["restore", "--memories", "99999"], "memories must be an integer from 1 to 1797"),
        (["restore", "--interaction", "cubic"], "interaction must be one of"),
        (["restore", "--interaction", "strict", "--graded"], "--graded needs --interaction exponential or attention"),
        (["classify", "--degree", "0"], "degree must be"),
        (["classify", "--seed", "-1"], "seed must be"),
        (["locate", "--memories", "1"], "memories must be an integer >= 2"),
        (["attack", "--norm", "l0", "--degrees", "2", "--epochs", "1"], "norm must be one of"),
    ],
)
def test_wrong_input_is_one_line(capsys, tmp_path, arguments, message):
    assert run([*arguments, "--out", str(tmp_path)]) == 2
    text = capsys.readouterr().err
    assert message in text
    assert text.count("\n") == 1


def test_one_seed_gives_one_result(read):
    first, second = (read("restore", "--memories", "20", "--seed", "4") for _ in range(2))
    assert first == second
    assert not np.isnan(first["error"])


def test_student(read, capsys, tmp_path):
    arguments = ("student", "--p", "2,16", "--memories", "30", "--students", "4", "--sweeps", "100")
    shared, single = read(*arguments)["students"]
    assert shared["regime"] == "feature"
    assert single["regime"] == "prototype"
    assert shared["q"] > single["q"]
    assert shared["share"] < 0.2 < single["share"]
    assert shared["temperature"] == pytest.approx(0.3 * shared["depth"])
    assert (tmp_path / "student.png").stat().st_size > 1000
    assert run([*arguments, "--digit", "0", "--temperatures", "0.3,4", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert said.count("students hold nothing: it is too hot") == 2
    assert "starts agree\n" in said
    for wrong, message in ((("--p", "two"), "--p must be whole numbers"), (("--p", "2,24"), "overflows exact 64-bit")):
        assert run(["student", *wrong, "--out", str(tmp_path)]) == 2
        assert message in capsys.readouterr().err


def test_bad_model_files_are_one_line(densehop, tmp_path):
    """No model, half of one, a pickle of something else, a model that was never fitted."""
    rows, model = tmp_path / "rows.npy", tmp_path / "model.nc"
    np.save(rows, np.random.default_rng(0).choice([-1, 1], (6, 20)).astype(np.int8))
    assert densehop("fit", "--data", rows, "--out", model).returncode == 0
    bad = {"text.nc": b"hello", "half.nc": model.read_bytes()[:2000], "text.joblib": b"hello"}
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    joblib.dump({"model": "mine", "shape": (1, 20)}, tmp_path / "other.joblib")
    joblib.dump({"model": DenseAssociativeMemory(), "shape": (1, 20)}, tmp_path / "unfitted.joblib")
    joblib.dump([1, 2], tmp_path / "list.joblib")
    for name in (*bad, "other.joblib", "unfitted.joblib", "list.joblib"):
        result = densehop("predict", tmp_path / name, rows, "--out", tmp_path / "never")
        assert result.returncode == 2
        said = [line for line in result.stderr.splitlines() if not line.startswith("Note: ")]
        assert len(said) == 1
        assert f"{name}' holds no m" in said[0]
    assert not (tmp_path / "never").exists()
