"""What the variables of recipes mean, beside those that every dataset has (`base/quantities.py`)."""

import xarray as xr

from densehop.base.quantities import SWEEP, Quantity, attributes, described_with

ATTACK, PROTOTYPES = "docs/theory.md, section 11", "docs/theory.md, section 11"
NISHIMORI, FINITE = "docs/theory.md, section 4", "docs/theory.md, section 7"
RETRIEVAL, MIXTURES, SHANNON = (f"docs/theory.md, section {number}" for number in (9, 13, 16))
EXPONENTIAL, PASSING = "docs/theory.md, section 16", "docs/theory.md, section 17"

RECIPE_QUANTITIES = {
    # simulation beside theory
    "settled": Quantity("whether the chains of all disorders have equilibrated together", FINITE),
    "autocorrelation_time": Quantity("integrated autocorrelation time", FINITE, SWEEP),
    "signal_ratio": Quantity("signal lambda_N at this N over its limit", "docs/theory.md, section 3"),
    "begins": Quantity("overlap at which the chains begin", FINITE),
    "temperature_half": Quantity("temperature at which q* is one half", FINITE),
    # attacks
    "crossing": Quantity("overwritten fraction at which q* is half-way to the example", ATTACK),
    "boundary": Quantity("overwritten fraction eps* from which the example wins", ATTACK),
    "load": Quantity("scaled load a = M (p/2+1)!/N^(p/2)", ATTACK),
    "features": Quantity("overlap q* after the attack where the teacher is disordered", ATTACK),
    # recovery of a corrupted pattern
    "corruption": Quantity("fraction of the pattern's sites that are flipped at the start", PROTOTYPES),
    "kept": Quantity("overlap q* that chains from the pattern itself keep", PROTOTYPES),
    "success": Quantity("whether the chain recovered the pattern", PROTOTYPES),
    "sweeps": Quantity("sweeps until the pattern is recovered, nan where it is not", PROTOTYPES, SWEEP),
    "tolerance": Quantity("corruption at which half of the chains recover", PROTOTYPES),
    "magnetisation": Quantity("magnetisation of the teacher's examples", "docs/theory.md, section 2"),
    # the Nishimori line, and published lines
    "gamma_local": Quantity("alpha/T^2 where local retrieval begins", NISHIMORI),
    "gamma_global": Quantity("alpha/T^2 where global retrieval begins", NISHIMORI),
    "q_local": Quantity("overlap q = q* where local retrieval begins", NISHIMORI),
    "q_global": Quantity("overlap q = q* where global retrieval begins", NISHIMORI),
    "teacher_critical_temperature": Quantity("temperature below which the teacher is ordered", "docs/theory.md, eq. 9"),
    "teacher_magnetisation": Quantity("the teacher's magnetisation there", "docs/theory.md, eq. 8"),
    "temperature_local": Quantity("temperature below which there is local retrieval", NISHIMORI),
    "temperature_global": Quantity("temperature below which there is global retrieval", NISHIMORI),
    "temperature_zero_entropy": Quantity("temperature at which the paramagnet's entropy is 0", NISHIMORI),
    "direct_coordinate": Quantity("load of the direct model's global retrieval line", RETRIEVAL),
    "direct_temperature": Quantity("temperature of the direct model's global retrieval line", RETRIEVAL),
    "published_alpha": Quantity("load of the published lines", RETRIEVAL),
    "published_static": Quantity("published temperature of the static glass line", RETRIEVAL),
    "published_gardner": Quantity("published temperature of the Gardner line", RETRIEVAL),
    # capacity, mixtures and correlated memories
    "capacity_rs": Quantity("load at which retrieval ends at T = 0, replica symmetric", RETRIEVAL),
    "capacity_1rsb": Quantity("load at which retrieval ends at T = 0, 1RSB", RETRIEVAL),
    "load_rs": Quantity("load, replica symmetric", RETRIEVAL),
    "load_1rsb": Quantity("load, 1RSB", RETRIEVAL),
    "overlap_rs": Quantity("overlap m of retrieval, replica symmetric", RETRIEVAL),
    "overlap_1rsb": Quantity("overlap m of retrieval, 1RSB", RETRIEVAL),
    "mixture_temperature": Quantity("temperature up to which 3-mixtures are stable at load 0", MIXTURES),
    "mixture_curve_temperature": Quantity("temperature along the curve of 3-mixtures", MIXTURES),
    "mixture_curve_overlap": Quantity("overlap of 3-mixtures along the curve", MIXTURES),
    "mixture_load": Quantity("load up to which 3-mixtures are stable at T = 0", MIXTURES),
    "memory_overlap": Quantity("pairwise overlap b of correlated memories", MIXTURES),
    "critical_memory_overlap": Quantity("b above which the mixture is the ground state", MIXTURES),
    "memory_unstable_overlap": Quantity("b above which a memory is no longer stable at T = 0", MIXTURES),
    "difference": Quantity("energy per spin of the mixture less that of a memory", MIXTURES),
    "difference_curve": Quantity("energy per spin of the mixture less that of a memory, along the curve", MIXTURES),
    "difference_curve_overlap": Quantity("pairwise overlap b along the curve", MIXTURES),
    "correlated_overlap": Quantity("final overlap with each of three correlated memories", MIXTURES),
    "correlated_energy": Quantity("final energy per spin among correlated memories", MIXTURES),
    "corrupted_restored": Quantity("share of corrupted memories that come back", MIXTURES),
    "retrieval_overlap": Quantity("final overlap of each chain with its memory", RETRIEVAL),
    "retrieval_capacity": Quantity("load at which retrieval ends by theory", RETRIEVAL),
    "retrieval_load": Quantity("load alpha = M p!/N^(p-1)", "docs/theory.md, eq. 4"),
    "retrieval_smallest": Quantity("overlap above which a memory counts as retrieved", RETRIEVAL),
    "retrieved": Quantity("share of chains that retrieve their memory", RETRIEVAL),
    "half_load": Quantity("load at which half of the chains retrieve their memory", RETRIEVAL),
    "warm_overlap": Quantity("final overlaps with three mixed memories at load 0, smallest first", MIXTURES),
    "loaded_overlap": Quantity("final overlaps with three mixed memories at T = 0, smallest first", MIXTURES),
    "warm_persists": Quantity("share of mixtures at load 0 that persist", MIXTURES),
    "loaded_persists": Quantity("share of mixtures at T = 0 that persist", MIXTURES),
    "warm": Quantity("overlap of the 3-mixture at load 0", MIXTURES),
    "retrieval_ratio": Quantity("load over that at which retrieval ends", RETRIEVAL),
    "warm_ratio": Quantity("temperature over that up to which 3-mixtures are stable", MIXTURES),
    "loaded_ratio": Quantity("load over that up to which 3-mixtures are stable", MIXTURES),
    # how many patterns memories hold
    "memory": Quantity("name of the memory", SHANNON),
    "n_wrong": Quantity("number of flipped signs", SHANNON),
    "log_number": Quantity("log M of patterns of which half come back", SHANNON, "nat"),
    "log_number_predicted": Quantity("log M of patterns of which half come back, by the first step", SHANNON, "nat"),
    "log_number_limit": Quantity("log M that no memory exceeds at this N", SHANNON, "nat"),
    "channel_capacity": Quantity("log(M)/N that no memory exceeds for large N", SHANNON, "nat"),
    "bits_per_parameter": Quantity("bits of patterns per number that the memory keeps", SHANNON, "bit"),
    "rate": Quantity("fraction of flipped signs", SHANNON),
    "capacity": Quantity("log(M)/N that no memory exceeds", SHANNON, "nat"),
    "sharpness": Quantity("sharpness of the exponential energy", SHANNON),
    "basin_spins": Quantity("number of spins N of the basins", SHANNON),
    "basin_share": Quantity("share of memories that come back", SHANNON),
    "basin_edge": Quantity("starting overlap from which half of the memories come back", SHANNON),
    "basin_error": Quantity("error of the starting overlap from which half of the memories come back", SHANNON),
    "basin_curve": Quantity("starting overlap at the edge of the basin, large N", SHANNON),
    "basin_finite": Quantity("starting overlap at the edge of the basin, first step at this N", SHANNON),
    # exponential energies
    "retrieval_spinodal": Quantity("load up to which a memory has a state of its own", EXPONENTIAL, "nat"),
    "retrieval_global": Quantity("load up to which a memory wins against all others together", EXPONENTIAL, "nat"),
    "diagram_sharpness": Quantity("sharpness of the phase diagrams", EXPONENTIAL),
    "basin": Quantity("starting overlap from which half of the memories come back", EXPONENTIAL),
    "basin_limit": Quantity("starting overlap from which memories come back, large N", EXPONENTIAL),
    "basin_step": Quantity("starting overlap from which half come back, first step at this N", EXPONENTIAL),
    "basin_sharpness": Quantity("sharpness of the basins", EXPONENTIAL),
    "basin_load": Quantity("load log(M)/N of the basins", EXPONENTIAL, "nat"),
    "basin_curve_load": Quantity("load log(M)/N along the curve of the basins", EXPONENTIAL, "nat"),
    "student": Quantity("overlap q* of a student of noisy examples", EXPONENTIAL),
    "student_limit": Quantity("overlap q* of a student of noisy examples, large N", EXPONENTIAL),
    "student_curve": Quantity("overlap q* of a student by theory at this N, along the curve", EXPONENTIAL),
    "student_finite": Quantity("overlap q* of a student by theory at this N", EXPONENTIAL),
    "student_spins": Quantity("number of spins N of the students", EXPONENTIAL),
    "student_load": Quantity("load log(M)/N of the examples", EXPONENTIAL, "nat"),
    "student_curve_load": Quantity("load log(M)/N of the examples along the curve", EXPONENTIAL, "nat"),
    "attack": Quantity("overwritten fraction from which a typical example wins", EXPONENTIAL),
    "attack_limit": Quantity("overwritten fraction from which a typical example wins, large N", EXPONENTIAL),
    "attack_curve": Quantity("overwritten fraction by theory at this N, along the curve", EXPONENTIAL),
    "attack_finite": Quantity("overwritten fraction by theory at this N", EXPONENTIAL),
    "attack_spins": Quantity("number of spins N of the attacks", EXPONENTIAL),
    "attack_sharpness": Quantity("sharpness of the attacked student", EXPONENTIAL),
    "attack_curve_sharpness": Quantity("sharpness along the curve of attacks", EXPONENTIAL),
    # the hidden pattern
    "search": Quantity("how the pattern is searched for", PASSING),
    "search_overlap": Quantity("overlap of what the search found with the pattern, up to a common sign", PASSING),
    "search_cost": Quantity("mean processor time of a search", PASSING, "s"),
    "eigenvector_overlap": Quantity("overlap of the top eigenvector with the pattern, up to its sign", PASSING),
    "threshold_ratio": Quantity(
        "examples over those from which the unfolding's eigenvector shows the pattern", PASSING
    ),
    "possible_ratio": Quantity("that multiple from which the pattern's state wins", PASSING),
    "found_share": Quantity("share of disorders in which the search found the pattern", PASSING),
    "found_low": Quantity("lower end of the share's interval, one standard error", PASSING),
    "found_high": Quantity("upper end of the share's interval, one standard error", PASSING),
}
SERIES = ("retrieval", "warm", "loaded")  # of the recipe `capacity`, each with its p, N and temperature
FORMS = (  # what follows a name, and what it adds to its meaning
    ("_theory", "{} by theory"),
    ("_expected", "{} by theory, nan or 0 where the chains are elsewhere"),
    ("_finite_size", "{} by theory, with signal and noise of this N"),
    ("_infinite", "{} at infinite N"),
    ("_mean", "mean over disorders of the {}"),
    ("_median", "median over disorders of the {}"),
    ("_error", "error of the {}"),
)
PLACES = (  # what stands before it
    ("curve_", "{}, along the curve of the theory"),
    ("map_", "{}, of the map"),
    ("large_p_", "{}, for large p"),
    ("limit_", "{}, in the limit of large p"),
    *((f"{series}_", f"{{}}, of the series {series}") for series in SERIES),
)


def meaning(name: str) -> dict[str, str]:
    """Return long name, unit and reference of a variable; {} if its name is not known."""
    if name in RECIPE_QUANTITIES:
        return dict(RECIPE_QUANTITIES[name]._asdict())
    known = attributes(name)
    if known:
        return known
    ends = [(name.removesuffix(end), words) for end, words in FORMS if name.endswith(end)]
    ends += [(name.removeprefix(start), words) for start, words in PLACES if name.startswith(start)]
    for shorter, words in ends:
        inner = meaning(shorter)
        if inner:
            return {**inner, "long_name": words.format(inner["long_name"])}
    return {}


def described(dataset: xr.Dataset) -> xr.Dataset:
    """Return a recipe's dataset whose variables say what they are, in which unit and where they are defined."""
    return described_with(dataset, meaning)
