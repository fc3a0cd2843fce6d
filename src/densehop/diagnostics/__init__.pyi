"""What chains say: error bars, verdicts on equilibration, overlaps and their histograms."""

from .autocorrelation import autocorrelation_time
from .histogram import OverlapHistogram, overlap_histogram
from .overlaps import LargestOverlaps, between_chains, fix_signs, largest_overlaps, pattern_overlaps
from .response import binder_cumulant, specific_heat, susceptibility
from .split_chains import r_hat
from .start_comparison import StartComparison, StartIndependence, start_independence
from .time_averages import (
    Estimate,
    TimeAverage,
    disorder_estimate,
    effective_samples,
    time_average,
)
from .verdicts import Equilibration, Verdict, equilibration, joint_equilibration

__all__ = [
    "Equilibration",
    "Estimate",
    "LargestOverlaps",
    "OverlapHistogram",
    "StartComparison",
    "StartIndependence",
    "TimeAverage",
    "Verdict",
    "autocorrelation_time",
    "between_chains",
    "binder_cumulant",
    "disorder_estimate",
    "effective_samples",
    "equilibration",
    "fix_signs",
    "joint_equilibration",
    "largest_overlaps",
    "overlap_histogram",
    "pattern_overlaps",
    "r_hat",
    "specific_heat",
    "start_independence",
    "susceptibility",
    "time_average",
]
