"""Replica exchange in campaigns, and the distribution P(q) of every cell, against enumeration."""

import numpy as np
import pytest

import densehop as dh
from densehop.campaign import measure as measuring
from densehop.campaign.checkpoint import Checkpoint
from densehop.campaign.dataset import collect
from densehop.campaign.engines import ThisProcess
from densehop.campaign.measure import draw, first_states, measure
from densehop.campaign.runner import run
from tests import naive
from tests.campaign_tasks import plan

N_SPINS = 8
SCHEDULE = {"n_chains": 4, "n_sweeps": 4_000, "burn_in": 0.05}


def cell_of(p, temperature=1.5, **schedule):
    problem = {"p": p, "load": [3.0], "temperature": [temperature], "teacher_temperature": [4.0]}
    return plan(problem=problem, n_spins=N_SPINS, starts=["random"], schedule=SCHEDULE | schedule).cells()[0]


def measured(cell, folder):
    found = measure(cell, Checkpoint(folder / "cell.npz", cell.identity, 1e9))
    return {name: values for name, (_, values) in found.items()}


def exact(cell):
    """Return the mean energy per spin and P(q) by the number of agreeing sites, from all pairs of states."""
    examples = draw(cell)[1]
    states = naive.all_states(N_SPINS)
    law = naive.boltzmann(examples, cell.p, cell.temperature)
    energy = law @ [naive.energy(state, examples, cell.p) for state in states] / N_SPINS
    agreeing = (N_SPINS + states.astype(int) @ states.T) // 2
    return energy, np.bincount(agreeing.ravel(), np.outer(law, law).ravel(), N_SPINS + 1)


@pytest.mark.parametrize("p", [2, 3, 4])
@pytest.mark.parametrize("ladder", [None, [0.7, 2.2, 4.0]])
def test_distribution_of_overlaps_is_that_of_enumeration(p, ladder, tmp_path):
    """With and without exchange, at even and odd p; 6 pairs of 3,800 correlated sweeps."""
    cell = cell_of(p, exchange_with=ladder)
    assert cell.ladder == ((1.5,) if ladder is None else (1.5, 2.2, 4.0))
    found = measured(cell, tmp_path)
    energy, law = exact(cell)
    assert found["energy"] == pytest.approx(energy, abs=4 * found["energy_error"])
    assert found["q_probability"].sum() == pytest.approx(1)
    assert np.abs(found["q_probability"] - law).max() < 0.03
    assert ("swap_rate" in found) is (ladder is not None)


def test_exchange_frees_chains_that_are_frozen_alone(tmp_path):
    """p = 3 deep in the glass: chains alone are in states of their own, those that exchange agree with enumeration."""
    alone, together = (cell_of(3, 0.25, exchange_with=ladder) for ladder in (None, [0.5, 0.9, 1.6, 3.0]))
    law = exact(alone)[1]
    lonely, exchanging = (np.abs(measured(cell, tmp_path)["q_probability"] - law).max() for cell in (alone, together))
    assert exchanging < 0.03 < lonely


def test_a_cell_is_the_ladder_at_its_coldest_temperature(tmp_path):
    cell = cell_of(3, exchange_with=[2.2, 4.0], n_sweeps=60)
    found = measured(cell, tmp_path)
    references, examples = draw(cell)
    ladder = dh.PBodyHopfield(examples, 3).temper(
        [1.5, 2.2, 4.0],
        4,
        60,
        start=first_states(cell, references).reshape(-1, N_SPINS),
        references=references,
        seed=cell.segment_seed(0),
        snapshot_every=1,
    )
    assert np.array_equal(found["q_star_trace"], ladder.overlap[:, 0, :, 0])
    assert np.array_equal(found["energy_trace"], ladder.energy[:, 0] / N_SPINS)
    assert found["swap_rate"] == pytest.approx(ladder.swap_rate)


def test_an_interrupted_ladder_ends_with_the_same_bits(tmp_path, monkeypatch):
    cell = cell_of(4, exchange_with=[2.2, 4.0], n_sweeps=700)
    whole = measured(cell, tmp_path)
    place, advance, calls = Checkpoint(tmp_path / "other.npz", cell.identity, 0.0), measuring.advance, []

    def stopped(*arguments):
        calls.append(None)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return advance(*arguments)

    monkeypatch.setattr(measuring, "advance", stopped)
    with pytest.raises(KeyboardInterrupt):
        measure(cell, place)
    resumed = {name: values for name, (_, values) in measure(cell, place).items()}
    assert all(np.array_equal(whole[name], resumed[name], equal_nan=True) for name in whole)


def test_plans_name_the_same_cells_as_before_and_others_with_exchange(tmp_path):
    assert cell_of(3).identity == cell_of(3, exchange_with=None).identity
    assert cell_of(3).identity != cell_of(3, exchange_with=[3.0]).identity
    given = plan(n_spins=[8, 10], schedule={"n_chains": 3, "n_sweeps": 24, "exchange_with": [2.5, 4.0]})
    run(given, tmp_path, ThisProcess)
    found = collect(tmp_path)
    assert found["q_probability"].sizes["agreeing"] == 11
    assert found["agreeing"].values.tolist() == list(range(11))
    assert found["q_probability"].sel(n_spins=8, agreeing=[9, 10]).isnull().all()
    assert found["q_probability"].sum("agreeing").values == pytest.approx(1)
    assert found["swap_rate"].sizes["neighbour"] == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schedule": {"exchange_with": [3.0, 2.0]}}, "must be rising"),
        ({"schedule": {"exchange_with": [1.0]}}, "goes with positive temperatures, some below it"),
        ({"schedule": {"exchange_with": [3.0]}, "attack": {"fractions": [0.1]}, "starts": "random"}, "no attack"),
    ],
)
def test_wrong_ladders_are_refused(changes, message):
    with pytest.raises(dh.InvalidInput, match=message):
        plan(**changes)
