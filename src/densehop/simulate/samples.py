"""What chains return, and the same as labelled data: an xarray Dataset, and ArviZ's format."""

import dataclasses
import json
import warnings
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from densehop.base import formats
from densehop.base.arrays import Floats, Signs
from densehop.base.quantities import describe
from densehop.base.streams import Seed
from densehop.errors import MissingPackage
from densehop.simulate.settings import Settings

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, eq=False)
class Samples:
    """What the chains did; traces hold the state after each sweep, not the start.

    Attributes
    ----------
    spins : (chain, N) int8, the final states
    energy : (chain, sweep) float64, extensive
    overlap : (chain, sweep, reference) float64, per spin; where `symmetric`, each trace has the sign that makes the
        mean over its first quarter positive (where the temperature follows a schedule: its last overlap): average over
        later sweeps, which did not choose their sign
    acceptance : (chain, sweep) float64, fraction of attempts that flipped
    snapshots : (chain, sweep // snapshot_every, N) int8, states after every `snapshot_every`-th sweep
    by_couplings : (chain, sweep) bool, whether the sweep ran on couplings, not patterns; it changes only the time taken
    settings : how they ran, with the seed
    interaction, p : the energy; p is None for the exponential
    symmetric : bool, whether xi and -xi have the same energy, as for even p
    n_patterns : int
    version : str, of densehop
    sharpness : float, b of the exponential; None for the others
    """

    spins: Signs
    energy: Floats
    overlap: Floats
    acceptance: Floats
    snapshots: Signs
    by_couplings: npt.NDArray[np.bool_]
    settings: Settings
    interaction: str
    p: int | None
    symmetric: bool
    n_patterns: int
    version: str
    sharpness: float | None = None

    def to_xarray(self) -> "xr.Dataset":
        """Return a Dataset over chain, sweep, reference and site (and snapshot, labelled by its sweep).

        Its attributes densehop_version, seed and parameters (JSON) say how to make it again; `.to_netcdf(path)`
        writes it.
        """
        return _dataset(self)

    def to_arviz(self) -> Any:
        """Return energy and overlap as ArviZ's posterior, acceptance as sample_stats; sweeps are its draws.

        An InferenceData before ArviZ 1, a DataTree since. Needs `pip install 'densehop[arviz]'`, else `MissingPackage`.
        """
        return _inference_data(self)


def _dataset(run: Samples) -> "xr.Dataset":
    """Return a run as a Dataset, with parameters, seed and version as attributes."""
    import xarray as xr  # noqa: PLC0415 (slow)

    n_chains, n_sweeps = run.energy.shape
    every, kept = run.settings.snapshot_every, run.snapshots.shape[1]
    variables: dict[str, tuple[Any, ...]] = {
        "energy": (("chain", "sweep"), run.energy, {"long_name": "energy of the network, extensive"}),
        "overlap": (("chain", "sweep", "reference"), run.overlap),
        "acceptance": (("chain", "sweep"), run.acceptance),
        "by_couplings": (("chain", "sweep"), run.by_couplings),
        "spins": (("chain", "site"), run.spins),
    }
    coordinates = {
        "chain": np.arange(n_chains),
        "sweep": np.arange(1, n_sweeps + 1),  # states are recorded after a sweep
        "reference": np.arange(run.overlap.shape[2]),
    }
    if kept:
        variables["snapshots"] = (("chain", "snapshot", "site"), run.snapshots)
        coordinates["snapshot"] = every * np.arange(1, kept + 1)
    return describe(xr.Dataset(variables, coordinates, _origin(run)))


def _inference_data(run: Samples) -> Any:
    """Return a run in ArviZ's format."""
    import xarray as xr  # noqa: PLC0415 (slow)

    arviz = _import_arviz()
    dataset = _dataset(run).rename(sweep="draw")
    names = ["energy", "overlap"] if run.overlap.shape[2] else ["energy"]
    groups = {"posterior": dataset[names], "sample_stats": dataset[["acceptance"]]}
    groups = {group: part.assign_attrs(dataset.attrs) for group, part in groups.items()}
    # since ArviZ 1 the one is another name of the other, or is not there, and asking for it warns
    kind: Any = vars(arviz).get("InferenceData", xr.DataTree)
    return xr.DataTree.from_dict(groups) if issubclass(kind, xr.DataTree) else kind(**groups)


def _import_arviz() -> ModuleType:
    """Return the module arviz, or raise `MissingPackage`, which names the extra that installs it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # 0.23 announces version 1 on import
            import arviz  # noqa: PLC0415 (an extra, and slow)
    except ImportError as error:
        raise MissingPackage.of_extra("to_arviz", "arviz", "arviz", error) from error
    module: ModuleType = arviz
    return module


def _origin(run: Samples) -> dict[str, Any]:
    """Return what is needed to make the run again: version, seed and all other parameters, the last two in JSON."""
    settings = {field.name: getattr(run.settings, field.name) for field in dataclasses.fields(run.settings)}
    seed: Seed = settings.pop("seed")
    sizes = {
        "interaction": run.interaction,
        "p": run.p,
        "sharpness": run.sharpness,
        "n_patterns": run.n_patterns,
        "n_spins": run.spins.shape[1],
    }
    return {
        **formats.origin(),
        "densehop_version": run.version,
        "seed": json.dumps(_seed_parts(seed), default=int),
        "parameters": json.dumps({**sizes, **settings}, default=_plain),
    }


def _seed_parts(seed: Seed) -> Any:
    """Return a seed as plain integers: itself, or a SeedSequence's entropy and place."""
    if not isinstance(seed, np.random.SeedSequence):
        return int(seed)
    return {"entropy": np.array(seed.entropy, dtype=object).tolist(), "spawn_key": list(seed.spawn_key)}


def _plain(value: object) -> Any:
    """Return what JSON has no word for as lists, numbers and names."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return str(value)
