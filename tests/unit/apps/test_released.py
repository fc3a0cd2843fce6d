"""What earlier versions promised and wrote: files open, and no signature changes without a line in the changelog."""

import re
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from packaging.version import Version

import densehop as dh
from densehop.base import formats
from densehop.campaign import store
from tests.command_line import error_line
from tests.released.files import RUN, TEMPERATURE, codes, network
from tests.released.signatures import signatures

ROOT = Path(__file__).parents[3]
RELEASES = sorted((ROOT / "tests/released").glob("[0-9]*"), key=lambda folder: Version(folder.name))
UNRELEASED = re.compile(r"^## .*unreleased.*?$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def promised(folder: Path) -> dict[str, str]:
    """Return the signatures of a released version."""
    lines = (folder / "signatures.txt").read_text().splitlines()
    return dict(line.split(" ", 1) for line in lines)


def unannounced(before: dict[str, str], now: dict[str, str], changelog: str) -> list[str]:
    """Return the names that came, went or take other arguments, and that the changelog's unreleased part leaves out."""
    changed = {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}
    news = "".join(UNRELEASED.findall(changelog))
    told = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", news))))
    return sorted(name for name in changed if name.rsplit(".", 1)[-1] not in told)


def test_no_signature_changes_without_a_line_in_the_changelog():
    assert unannounced(promised(RELEASES[-1]), signatures(), (ROOT / "CHANGELOG.md").read_text()) == [], (
        "name these in backticks under the unreleased heading of CHANGELOG.md"
    )


@pytest.mark.parametrize(
    ("news", "left"),
    [("", ["densehop.f", "densehop.h"]), ("- `f` takes `x=`.", ["densehop.h"]), ("- `f(y)` and `dh.h`", [])],
)
def test_a_change_that_the_changelog_leaves_out_is_found(news, left):
    before = {"densehop.f": "(x)", "densehop.g": "(x)"}
    now = {"densehop.f": "(y)", "densehop.g": "(x)", "densehop.h": "attribute"}
    changelog = f"# Changelog\n\n## 9.9 (unreleased)\n\n{news}\n\n## 9.8\n\n- `f` and `h` long ago\n"
    assert unannounced(before, now, changelog) == left


def test_the_present_version_is_not_behind_what_was_released():
    assert Version(dh.__version__) >= Version(RELEASES[-1].name)


@pytest.mark.parametrize("folder", RELEASES, ids=lambda folder: folder.name)
def test_datasets_of_every_version_open(folder):
    names = sorted(path.name for path in folder.glob("*.nc"))
    assert {"run.nc", "diagram.nc", "solutions.nc", "campaign.nc", "memory.nc"} <= set(names)
    for name in names:
        assert store.load(folder / name).attrs["densehop_version"] == folder.name
    energies = store.load(folder / "run.nc")["energy"].to_numpy()
    assert energies.shape == (RUN["n_chains"], 20)
    assert store.load(folder / "campaign.nc")["m"].notnull().all()


@pytest.mark.parametrize("folder", RELEASES, ids=lambda folder: folder.name)
def test_diagrams_and_solutions_of_every_version_say_the_same_today(folder):
    """What is read is not only whole but means what this version means by the same names."""
    diagram = store.load(folder / "diagram.nc")
    now = dh.phase_diagram(3, coordinates=[0.2, 0.5], temperatures=[0.2, 0.6], boundaries=False)
    np.testing.assert_array_equal(diagram["phase"], now["phase"])
    solved = store.load(folder / "solutions.nc")
    for load in (0.2, 0.4):
        exact = dh.solve(dh.DirectModel(p=3, load=load, temperature=0.3), "retrieval")
        assert float(solved["m"].sel(alpha=load).squeeze()) == pytest.approx(exact.m, abs=1e-10)


@pytest.mark.parametrize("folder", RELEASES, ids=lambda folder: folder.name)
def test_memories_of_every_version_restore(folder, tmp_path, densehop):
    """One bit of each stored code is wrong, and `densehop predict` with the saved memory finds it."""
    damaged = codes()
    damaged[:, 0] *= -1
    np.save(tmp_path / "damaged.npy", damaged)
    result = densehop("predict", folder / "memory.nc", tmp_path / "damaged.npy", "--out", tmp_path)
    assert result.returncode == 0, result.stderr
    np.testing.assert_array_equal(np.load(tmp_path / "restored.npy"), codes())


@pytest.mark.parametrize("folder", RELEASES, ids=lambda folder: folder.name)
def test_a_checkpoint_of_another_version_goes_on_with_the_same_bits_or_is_refused_in_one_line(folder, tmp_path):
    """Random numbers belong to a version: no run may begin with those of one and end with those of another."""
    checkpoint, kept = tmp_path / "checkpoint.npz", (folder / "checkpoint.npz").read_bytes()
    checkpoint.write_bytes(kept)
    resumed, refusal = attempted(checkpoint)
    if resumed is not None:
        np.testing.assert_array_equal(resumed.energy, network().sample(TEMPERATURE, n_sweeps=30, **RUN).energy)
    else:
        assert "another run: " in refusal
        assert checkpoint.read_bytes() == kept


def attempted(checkpoint: Path) -> tuple[dh.Samples | None, str]:
    """Return a run that goes on from a checkpoint, or why it does not."""
    try:
        return network().sample(TEMPERATURE, n_sweeps=30, checkpoint=checkpoint, **RUN), ""
    except dh.errors.InvalidInput as error:
        return None, str(error)


def test_a_file_of_a_later_format_is_refused_in_one_line(tmp_path, densehop):
    newer = xr.Dataset(attrs={"densehop_version": "7.0", formats.NAME: formats.FORMAT + 1})
    newer.to_netcdf(tmp_path / "newer.nc", engine="h5netcdf")
    result = densehop("predict", tmp_path / "newer.nc", RELEASES[0] / "codes.npy", "--out", tmp_path)
    assert "densehop 7.0" in error_line(result)


def test_every_dataset_says_its_format():
    grid = dh.theory.solve_grid(dh.DirectModel, "retrieval", p=3, load=0.2, temperature=0.3)
    diagram = dh.phase_diagram(3, coordinates=[0.2], temperatures=[0.2, 0.3], boundaries=False)
    run = network().sample(TEMPERATURE, n_sweeps=3, **RUN).to_xarray()
    assert {one.attrs[formats.NAME] for one in (grid, diagram, run)} == {formats.FORMAT}
