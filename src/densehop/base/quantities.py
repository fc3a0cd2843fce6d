"""What the names in datasets mean: a long name, a unit and the equation in docs/theory.md for each of them.

All energies and temperatures are in units of the coupling, so that they are pure numbers. The unit of a pure number
is 1, as in the CF conventions for NetCDF files.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import xarray as xr

ONE, SWEEP = "1", "sweep"


class Quantity(NamedTuple):
    """A quantity: what it is, its unit, and where docs/theory.md defines it."""

    long_name: str
    reference: str = ""
    units: str = ONE


def _section(number: int) -> str:
    return f"docs/theory.md, section {number}"


def _equation(numbers: str) -> str:
    return f"docs/theory.md, eq. {numbers}"


QUANTITIES = {
    "alpha": Quantity("load alpha = M p!/N^(p-1)", _equation("4")),
    "scaled_load": Quantity("scaled load a = M (p/2+1)!/N^(p/2)", _equation("46")),
    "archetype_load": Quantity("load of archetypes B = log(K)/N", _section(19)),
    "map_archetype_load": Quantity("load of archetypes B = log(K)/N", _section(19)),
    "p": Quantity("number of bodies in the energy", _section(1)),
    "n_spins": Quantity("number of spins N", _section(1)),
    "n_examples": Quantity("number of examples or memories M", _section(1)),
    "temperature": Quantity("temperature T", _section(1)),
    "teacher_temperature": Quantity("teacher's temperature T*", _section(2)),
    "teacher_p": Quantity("number of bodies in the teacher's energy", _section(2)),
    "signal": Quantity("signal lambda", _section(3)),
    "scaled_teacher_temperature": Quantity("scaled teacher temperature T*/N^(1-2/p)", _equation("47")),
    "m": Quantity("overlap m with an example or memory", _equation("27")),
    "q": Quantity("overlap q between two students", _equation("27")),
    "q_star": Quantity("overlap q* with the teacher's pattern", _equation("19")),
    "q0": Quantity("overlap q0 between states (1RSB)", _equation("34")),
    "q1": Quantity("overlap q1 inside a state (1RSB)", _equation("34")),
    "parisi": Quantity("Parisi parameter x (1RSB)", _equation("33")),
    "free_entropy": Quantity("free entropy Phi = log Z/N per spin", _equation("26")),
    "free_energy": Quantity("free energy f = -T Phi per spin", _equation("26")),
    "energy": Quantity("energy u per spin", _equation("29")),
    "entropy": Quantity("entropy s per spin", _equation("29")),
    "replicon": Quantity("replicon, negative where the ansatz is unstable", _equation("30")),
    "residual": Quantity("largest relative violation of the saddle-point equations", _equation("28")),
    "exists": Quantity("whether the branch exists at this point", _section(8)),
    "converged": Quantity("whether the saddle-point equations hold to 1e-9", _equation("28")),
    "reason": Quantity("why there is no state at this point; empty where there is one", _section(8)),
    "advice": Quantity("what speaks against believing the state; empty where nothing does", _section(8)),
    "phase": Quantity("phase", _section(5)),
    "difficulty": Quantity("whether the pattern can be found at this N: impossible, hard, easy", _equation("122")),
    "phase_rs": Quantity("phase in replica symmetry", _section(5)),
    "map_phase": Quantity("phase, between the traced lines", _section(5)),
    "map_rs_unstable": Quantity(
        "whether the state with an overlap that makes the phase breaks replica symmetry", _equation("30")
    ),
    "map_alpha": Quantity("load alpha = M p!/N^(p-1)", _equation("4")),
    "map_teacher_temperature": Quantity("teacher's temperature T*", _section(2)),
    "map_temperature": Quantity("temperature T", _section(1)),
    "rs_exact": Quantity("whether replica symmetry is stable in the winner", _equation("30")),
    "rs_unstable": Quantity(
        "whether the state with an overlap that makes the phase breaks replica symmetry", _equation("30")
    ),
    "retrieval_overlap": Quantity("overlap m of the retrieval branch, winner or not", _equation("27")),
    "inference_overlap": Quantity("overlap q* of the inference branch, winner or not", _equation("27")),
    "disorder": Quantity("number of the disorder, an independent draw of the examples", _section(7)),
    "start": Quantity("where the chains begin", _section(7)),
    "start_overlap": Quantity("overlap at which the chains begin, nan where it is not set", _section(7)),
    "chain": Quantity("number of the chain", _section(7)),
    "sweep": Quantity("sweep, counted from 1", _section(7), SWEEP),
    "snapshot": Quantity("sweep after which the state was kept", _section(7), SWEEP),
    "reference": Quantity("number of the reference state", _section(7)),
    "acceptance": Quantity("share of attempts that flipped a spin", _section(7)),
    "overlap": Quantity("overlap per spin with each reference state", _section(1)),
    "spins": Quantity("final states", _section(1)),
    "snapshots": Quantity("states after some sweeps", _section(1)),
    "by_couplings": Quantity("whether a sweep ran on couplings, not on patterns", _section(7)),
    "q_probability": Quantity("P(q), distribution of overlaps between chains, q = 2 agreeing/N - 1", _section(7)),
    "agreeing": Quantity("number of sites on which two states agree", _section(7)),
    "swap_rate": Quantity("share of swaps between neighbours in temperature that were accepted", _section(7)),
    "neighbour": Quantity("number of a pair of neighbours in temperature, from the coldest", _section(7)),
    "m_largest": Quantity("largest overlap of the final states with any example", _section(1)),
    "verdict": Quantity("verdict on equilibration", _section(7)),
    "verdict_effective_samples": Quantity("independent samples that the series is worth", _section(7)),
    "verdict_more_sweeps": Quantity("sweeps that are missing", _section(7), SWEEP),
    "verdict_drift": Quantity("drift between the two halves of the series in standard errors", _section(7)),
    "verdict_spread_probability": Quantity("probability of so large a spread of the chains by chance", _section(7)),
    "equilibrated": Quantity("whether the chains have equilibrated; false where there is no result", _section(7)),
    "precision_reached": Quantity("1 where the error bar is as small as asked for, 0 where it is not", _section(7)),
    "n_sweeps": Quantity("sweeps of each chain", _section(7), SWEEP),
    "n_burn_in": Quantity("sweeps before the first that is measured", _section(7), SWEEP),
    "n_disorders": Quantity("number of disorders with a result", _section(7)),
    "example": Quantity("which example overwrites sites of the pattern", _section(11)),
    "example_overlap": Quantity("overlap of that example with the pattern", _section(11)),
    "fraction": Quantity("fraction of the pattern's sites that are overwritten", _section(11)),
}
PARTS = {
    "error": ("error of the {}", None),
    "variance": ("variance over sweeps of the {}", None),
    "autocorrelation_time": ("autocorrelation time of the {}", SWEEP),
    "trace": ("{}, sweep by sweep", None),
}


def attributes(name: str) -> dict[str, str]:
    """Return long name, unit and equation of a name, {} if it is none of those that are known."""
    if name in QUANTITIES:
        return {key: value for key, value in QUANTITIES[name]._asdict().items() if value}
    for part, (meaning, units) in PARTS.items():
        quantity = QUANTITIES.get(name.removesuffix(f"_{part}"))
        if quantity is not None and name.endswith(f"_{part}"):
            reference = quantity.reference if part == "trace" else _section(7)
            return {
                "long_name": meaning.format(quantity.long_name),
                "reference": reference,
                "units": units or quantity.units,
            }
    return {}


def describe(dataset: "xr.Dataset") -> "xr.Dataset":
    """Return a dataset whose variables and coordinates say what they are; what they say already stays."""
    return described_with(dataset, attributes)


def described_with(dataset: "xr.Dataset", meaning: Callable[[str], dict[str, str]]) -> "xr.Dataset":
    """Return the same, by what a function knows of names."""
    for name, variable in dataset.variables.items():
        variable.attrs = {**meaning(str(name)), **variable.attrs}
    return dataset
