"""Files that people bring: each format read, written again, and refused in one line where it is wrong."""

import gzip
import re

import numpy as np
import pytest
from PIL import Image

from densehop import InvalidInput
from densehop.learn.data import datasets
from densehop.learn.data.own import read_own, written_like
from densehop.learn.data.tables import read_table

ROWS = np.array([[1.0, 2.5, -3.0], [4.0, 0.0, 6.0]])


@pytest.mark.parametrize(
    ("name", "text", "classes"),
    [
        ("a.csv", "1,2.5,-3\n4,0,6\n", None),
        ("a.csv", "x,y,z\n1,2.5,-3\n4,0,6", None),
        ("a.csv", "0,1,2\n1,2.5,-3\n4,0,6", None),
        ("a.csv", "\ufeffx;y;z\r\n1;2.5;-3\r\n\r\n4;0;6\r\n", None),
        ("a.tsv", "x\ty\tz\tkind, if any\n1\t2.5\t-3\ta\n4\t0\t6\tb\n", ["a", "b"]),
        ("a.csv", "Class,x,y,z\n7,1,2.5,-3\n8,4,0,6\n", ["7", "8"]),
        ("a.csv", '1, 2.5 ,-3e0,"a, b"\n4,0,+6,c\n', ["a, b", "c"]),
    ],
)
def test_tables_as_people_have_them(name, text, classes, tmp_path):
    (tmp_path / name).write_text(text, newline="")
    found = read_table(tmp_path / name)
    np.testing.assert_array_equal(found.values, ROWS)
    assert (None if found.classes is None else found.classes.tolist()) == classes


def test_a_table_is_written_as_it_came(tmp_path):
    text = "x;kind;y\n1;a;2\n0.5;b;-4\n"
    (tmp_path / "a.csv").write_text(text)
    asked = read_own(tmp_path / "a.csv", label="kind")
    (content,) = written_like(asked, asked.rows, tmp_path, (1, 2)).values()
    assert content.decode() == text


def test_hidden_cells_are_for_questions(tmp_path):
    (tmp_path / "a.csv").write_text("1,,3\nnan,NA,?\n")
    asked = read_own(tmp_path / "a.csv")
    assert np.isnan(asked.rows).tolist() == [[False, True, False], [True, True, True]]
    with pytest.raises(InvalidInput, match=r"a.csv', vector 1, value 2: no number stands there; rows to store"):
        datasets.load(str(tmp_path / "a.csv"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"x,y\n1,2\n3,oops\n", "row 3, column 'y': expected a finite number, got 'oops'"),
        ("a.csv", b"1,2\n3,inf\n", "row 2, column 2: expected a finite number, got 'inf'"),
        ("a.csv", b"1,2\n3,4,5\n", "row 2: expected 2 cells as in row 1, got 3"),
        (
            "a.csv",
            b'1;"2,5"\n1;3\n',
            "row 1, column 2: expected a finite number, got '2,5'; decimal commas are not read",
        ),
        ("a.csv", b",x,y\n0,1,2\n", "row 1: expected a name for the first column, got none; if it counts"),
        ("a.csv", b"\n\n", "holds no rows; expected numbers"),
        ("a.csv", b"x,y,class\n", "holds names and no rows"),
        ("a.csv", b"class\na\nb\n", "holds classes and no numbers"),
        ("a.csv", b"1,\xe9\n", "is not text in UTF-8: line 1 holds the byte 0xe9"),
        ("a.npy", b"nonsense", "is no .npy file of numbers, or a damaged one"),
        ("a.npz", b"PK\x03\x04cut", "is no .npz file of numbers, or a damaged one"),
        ("a.png", b"no picture", "a.png' is no picture that can be read; expected PNG, JPEG or GIF"),
        ("a.txt", b"\n", "a.txt' holds no pictures"),
        ("a.txt", b"nowhere.png\n", "a.txt', line 1: expected the path of a picture, there is no"),
        ("train-images-idx3-ubyte", b"\0\0\x08\x03", "ends within its header"),
        ("a.xls", b"", "is in no format that is read; allowed are .npy, .npz, .csv"),
    ],
)
def test_bad_files_are_one_line(name, content, message, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidInput, match=re.escape(message)) as caught:
        datasets.load(str(tmp_path / name))
    assert "\n" not in str(caught.value)
    assert "pickle" not in str(caught.value)  # NumPy's own words advise to load it unsafely
    assert name in str(caught.value)


def test_a_column_that_is_not_there_is_one_line(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    with pytest.raises(InvalidInput, match="has no column 'kind'; its columns are x, y"):
        datasets.load(str(tmp_path / "a.csv"), label="kind")
    with pytest.raises(InvalidInput, match=r"a column of classes is for \.csv and \.tsv files"):
        datasets.load(str(tmp_path), label="kind")


@pytest.mark.parametrize("shape", [(3,), (4, 3), (4, 5, 6), (2, 5, 6, 3)])
@pytest.mark.parametrize("dtype", ["u1", ">f4", "f8", "bool"])
def test_arrays_of_every_form(shape, dtype, tmp_path):
    array = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    np.save(tmp_path / "a.npy", array)
    found = read_own(tmp_path / "a.npy")
    rows = 1 if len(shape) == 1 else shape[0]
    assert len(found.rows) == rows
    assert found.shape == ((5, 6) if len(shape) > 2 else (1, 3))
    if len(shape) < 4:
        np.testing.assert_array_equal(found.rows, array.reshape(rows, -1))
        (content,) = written_like(found, found.rows, tmp_path, found.shape).items()
        content[0].write_bytes(content[1])
        np.testing.assert_array_equal(np.load(content[0]).reshape(array.shape), array)


def test_archives_with_classes(tmp_path):
    np.savez(tmp_path / "a.npz", X_train=ROWS, y_train=["a", "b"])
    found = datasets.load(str(tmp_path / "a.npz"))
    assert found.classes.tolist() == ["a", "b"]
    assert (found.lowest, found.largest) == (-3, 6)
    np.savez(tmp_path / "a.npz", p=ROWS, q=ROWS)
    with pytest.raises(InvalidInput, match=r"expected an array called images, .*; its arrays are p, q"):
        datasets.load(str(tmp_path / "a.npz"))
    for wrong, message in (
        (np.array([object()]), "no .npy file of numbers"),
        (np.ones(2) * 1j, "expected real numbers"),
    ):
        np.save(tmp_path / "a.npy", wrong, allow_pickle=True)
        with pytest.raises(InvalidInput, match=message):
            datasets.load(str(tmp_path / "a.npy"))


def test_gzipped_idx_file(tmp_path):
    array = np.arange(40, dtype=np.uint8).reshape(2, 4, 5)
    content = bytes([0, 0, 8, 3]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()
    (tmp_path / "mine-idx3-ubyte.gz").write_bytes(gzip.compress(content))
    found = datasets.load(str(tmp_path / "mine-idx3-ubyte.gz"))
    np.testing.assert_array_equal(found.images, array.reshape(2, -1))
    assert found.shape == (4, 5)


def test_pictures_of_every_kind_become_grey_rows(tmp_path):
    """A class for each sub-folder; colour, palette, animation, an orientation, and a hole that is hidden."""
    (tmp_path / "cats").mkdir()
    (tmp_path / "dogs").mkdir()
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4
    Image.fromarray(grey).save(tmp_path / "cats/a.png")
    Image.fromarray(np.stack([grey] * 3, axis=2)).save(tmp_path / "cats/b.PNG")
    Image.fromarray(grey).save(tmp_path / "dogs/c.gif", save_all=True, append_images=[Image.new("L", (8, 8))])
    turned = Image.fromarray(np.rot90(grey).copy())
    exif = turned.getexif()
    exif[0x0112] = 6  # the camera was turned: show it by a quarter to the right
    turned.save(tmp_path / "dogs/d.png", exif=exif)
    found = datasets.load(str(tmp_path))
    assert found.classes.tolist() == ["cats", "cats", "dogs", "dogs"]
    assert (found.shape, found.lowest, found.largest) == ((8, 8), 0, 255)
    for row in found.images:
        np.testing.assert_array_equal(row, grey.ravel())


def test_pictures_of_other_sizes_are_cut_and_shrunk(tmp_path):
    wide = np.zeros((100, 300), dtype=np.uint8)
    wide[:, 100:200] = np.repeat(np.repeat(np.arange(4), 25)[:, None] * 60, 100, axis=1)
    Image.fromarray(wide).save(tmp_path / "a.png")
    found = datasets.load(str(tmp_path / "a.png"), side=4)
    np.testing.assert_array_equal(found.images.reshape(4, 4), np.repeat(np.arange(4.0)[:, None] * 60, 4, axis=1))
    assert datasets.load(str(tmp_path)).shape == (28, 28)
    hole = Image.fromarray(np.dstack([wide] * 3 + [np.where(wide > 0, 255, 0).astype(np.uint8)]), "RGBA")
    hole.save(tmp_path / "b.png")
    asked = read_own(tmp_path / "b.png", shape=(4, 4))
    assert np.isnan(asked.rows.reshape(4, 4)).all(axis=1).tolist() == [True, False, False, False]


def test_classes_are_asked_for_where_they_are_needed(tmp_path):
    np.save(tmp_path / "a.npy", ROWS)
    with pytest.raises(InvalidInput, match="has no classes: name a column with --label, or put the pictures of each"):
        datasets.load(str(tmp_path / "a.npy")).require_several_of_each()
    (tmp_path / "a.csv").write_text("x,class\n" + "1,a\n" * 9 + "2,b\n")
    with pytest.raises(InvalidInput, match=r"and 4 rows of each, .* 2 classes in 10 rows, and 'b' has 1"):
        datasets.load(str(tmp_path / "a.csv")).require_several_of_each()
