"""Data that a visitor brings: read from memory, refused in one line, restored and located as the page says."""

import contextlib
import io
import os

import numpy as np
import pytest
from PIL import Image

import densehop as dh
from densehop.apps.explorer.compute.location import Question, located
from densehop.apps.explorer.compute.restoration import Damage, Restoration, python_code
from densehop.apps.explorer.compute.stored import MOST_ROWS, own_rows
from densehop.apps.explorer.pages.restore import RestorePage
from densehop.apps.explorer.sessions.session import Session
from densehop.apps.explorer.workers.worker_pool import WorkerPool

RANDOM = np.random.default_rng(0)
CODES = RANDOM.choice([-1, 1], (20, 49)).astype(np.int8)


def npy(array):
    """Return an array as the content of a .npy file."""
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def png(pixels):
    """Return pixels as the content of a picture."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


PICTURES = [(f"{name}.png", png(RANDOM.integers(0, 256, (8, 10), dtype=np.uint8))) for name in "bca"]
TABLE = "\n".join(",".join(map(str, row)) for row in CODES).encode()


@pytest.mark.parametrize(
    ("files", "shape", "name"),
    [
        ([("codes.npy", npy(CODES))], (7, 7), "20 rows of yours"),
        ([("codes.csv", TABLE)], (7, 7), "20 rows of yours"),
        (PICTURES, (8, 10), "3 pictures of yours"),
        ([("large.png", png(np.eye(300, dtype=np.uint8) * 255)), *PICTURES], (28, 28), "4 pictures of yours"),
        ([(f"{i}.png", png(np.eye(40, k=i, dtype=np.uint8) * 255)) for i in range(2)], (28, 28), "2 pictures of yours"),
    ],
)
def test_files_become_the_rows_that_the_code_loads(files, shape, name, tmp_path):
    stored = own_rows(files)
    assert (stored.shape, stored.name) == (shape, name)
    folder = tmp_path / "FOLDER" if len(files) > 1 else tmp_path
    folder.mkdir(exist_ok=True)
    for file, content in files:
        (folder / file).write_bytes(content)
    work = Restoration(stored.rows, Damage(1, 0.3, 0.0, 0.0))
    while not work.finished:
        work.advance()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.chdir(tmp_path):
        exec(python_code(Damage(1, 0.3, 0.0, 0.0), stored), {})
    lines = printed.getvalue().splitlines()
    assert lines == [f"{name} {(state == stored.rows[1]).mean():.0%}" for name, state in work.states.items()]


def test_ink_is_black_and_what_is_transparent_is_paper():
    clear, ink = np.full((5, 5, 4), 255, np.uint8), np.zeros((5, 5, 4), np.uint8)
    clear[..., 3] = 0
    ink[..., 3] = 255
    ink[0, 0] = 255
    rows = own_rows([("a.png", png(clear)), ("b.png", png(ink))]).rows
    assert rows.tolist() == [[-1] * 25, [-1] + [1] * 24]


BOMB = png(np.zeros((4100, 4100), dtype=bool))  # a few kilobytes


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], "expected pictures .* got nothing"),
        ([("a.npy", b"no array")], "'a.npy' is no .npy file"),
        ([("../../a.npy", b"no array")], "^'a.npy' is no .npy file"),
        ([("a.npy", npy(np.array([{}], dtype=object)))], "'a.npy' is no .npy file"),
        ([("a.zip", b"")], "expected pictures"),
        ([("a.npy", npy(CODES)), ("b.npy", npy(CODES))], "at a time, got 'a.npy', 'b.npy'"),
        ([("a.csv", b"1,2\n3,x\n")], "'a.csv', row 2, column 2: expected a finite number, got 'x'"),
        ([("a.csv", b"1,2\n3,\n")], "vector 2, value 2: no number stands there"),
        ([("a.png", b"\x89PNG\r\n\x1a\n")], "'a.png' is no picture"),
        ([("a.png", BOMB)], "at most 16,000,000 are read: make the picture smaller"),
        (PICTURES[:1], "at least 2 pictures"),
        ([("a.npy", npy(np.ones((3, 9))))], "all rows are the same"),
        ([("a.npy", npy(np.ones((MOST_ROWS + 1, 9))))], "too much for a page. At most 300"),
        ([("a.npy", npy(np.ones((2, 2000))))], "2 rows of 2000 values are too much"),
        ([("a.npy", bytes(9_000_000))], "1 files of 9.0 MB are too much"),
        ([(f"{i}.png", b"") for i in range(400)], "400 files of 0.0 MB are too much"),
    ],
)
def test_what_cannot_be_taken_is_one_line(files, message):
    with pytest.raises(dh.InvalidInput, match=message) as refused:
        own_rows(files)
    assert "\n" not in str(refused.value)


def test_located_says_what_locate_says():
    found = located(Question(CODES.tobytes(), 49, "p = 3"))
    known = dh.locate(CODES, 3, n_trials=50)
    np.testing.assert_array_equal(found["retrieved"], known.attack.retrieved)
    assert found.attrs["says"][0] == f"20 memories of 49 sites, strict energy, p = 3: load {known.load:.3g}."
    assert "--" not in " ".join(found.attrs["says"])


@pytest.mark.filterwarnings("ignore:.*will be removed in version 2.0:PendingDeprecationWarning")  # Panel's own
def test_a_page_stores_what_is_dropped_and_never_writes_it(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Session, "schedule", lambda _, action: action())
    page = RestorePage(Session(WorkerPool(1)))
    page._read([("codes.npy", npy(CODES))])
    page._reader._thread.join(20)
    assert page._row.end == 19
    page._choose(4)
    np.testing.assert_array_equal(page._original.values, CODES[4])
    assert "codes.npy" in page._code.text
    page._read([("codes.npy", b"nothing")])
    page._reader._thread.join(20)
    assert "no .npy file" in page._session.error_pane.object
    np.testing.assert_array_equal(page._original.values, CODES[4])  # what was there stays
    assert os.listdir(tmp_path) == []
