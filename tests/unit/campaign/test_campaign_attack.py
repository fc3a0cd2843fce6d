"""Cells that attack: the same fixed points as by hand, resumed to the same bits, wrong plans refused."""

import numpy as np
import pytest

import densehop as dh
from densehop.base.streams import seed_sequence
from densehop.campaign.checkpoint import Checkpoint
from densehop.campaign.completed import complete
from densehop.campaign.dataset import collect
from densehop.campaign.engines import ThisProcess
from densehop.campaign.measure import measure
from densehop.campaign.plan_file import plan_of


def plan(**changes):
    """Return a plan of a four-body student with few examples of a two-body teacher."""
    problem = {"p": 4, "n_examples": [60, 200], "temperature": 0, "teacher_p": 2, "teacher_temperature": 3.4}
    content = {
        "name": "attacks",
        "problem": problem | changes.pop("problem", {}),
        "n_spins": 32,
        "disorders": 2,
        "attack": {"fractions": [0.0, 0.4, 1.0], "examples": ["typical", "closest"]},
        "schedule": {"n_chains": 3, "n_sweeps": 16, "burn_in": 0.5},
    }
    return plan_of(content | changes)


def found(cell, folder):
    checkpoint = Checkpoint(folder / "cell.npz", cell.identity, 1e9)
    return {name: values for name, (_, values) in measure(cell, checkpoint).items()}


def test_a_cell_is_what_one_does_by_hand(tmp_path):
    cell = plan().cells()[0]
    result = found(cell, tmp_path)
    pattern, examples = dh.draw_examples(32, 60, 2, 3.4, seed=cell.examples_seed)
    chosen = (dh.simulate.typical_example(pattern, examples), dh.simulate.closest_example(pattern, examples, 4))
    for which, one in enumerate(chosen):
        spins = one.spins * (-1 if one.overlap < 0 else 1)
        assert result["example_overlap"][which] == pytest.approx(abs(one.overlap))
        for step, fraction in enumerate((0.0, 0.4, 1.0)):
            states = dh.simulate.attacked(pattern, spins, fraction, 3, cell.segment_seed(which))
            ends = dh.PBodyHopfield(examples, 4).relax(states)
            assert np.allclose(result["q_star"][which, step], (ends * pattern).mean(axis=1), atol=1e-14)
            assert np.allclose(result["m"][which, step], (ends * spins).mean(axis=1), atol=1e-14)


def test_a_warm_cell_follows_the_schedule(tmp_path):
    cell = plan(problem={"temperature": 0.5}).cells()[0]
    result = found(cell, tmp_path)
    pattern, examples = dh.draw_examples(32, 60, 2, 3.4, seed=cell.examples_seed)
    states = np.repeat(pattern[np.newaxis], 3, axis=0)
    seed = seed_sequence(cell.segment_seed(1), 0)
    run = dh.PBodyHopfield(examples, 4).sample(0.5, 3, 16, start=states, references=pattern, seed=seed)
    reference = run.overlap[:, 8:, 0].mean(axis=1)
    assert np.allclose(np.abs(result["q_star"][1, 0]), np.abs(reference), atol=1e-14)


def test_an_interrupted_cell_ends_with_the_same_bits(tmp_path, monkeypatch):
    cell = plan().cells()[0]
    whole = found(cell, tmp_path)
    relax, calls = dh.PBodyHopfield.relax, []

    def interrupted(self, states, n_workers=None):
        calls.append(len(states))
        if len(calls) == 4:
            raise KeyboardInterrupt
        return relax(self, states, n_workers)

    monkeypatch.setattr(dh.PBodyHopfield, "relax", interrupted)
    with pytest.raises(KeyboardInterrupt):
        found(cell, tmp_path)
    again = found(cell, tmp_path)
    assert len(calls) == 4 + 3
    assert all(np.array_equal(whole[name], again[name]) for name in whole)


def test_the_dataset_names_examples_and_fractions(tmp_path):
    data = complete(plan(), tmp_path, ThisProcess)
    assert data["q_star"].dims[-3:] == ("example", "fraction", "chain")
    assert data["fraction"].values.tolist() == [0.0, 0.4, 1.0]
    assert data["example"].values.tolist() == ["typical", "closest"]
    assert not data["q_star"].isnull().any()
    unattacked = data["q_star"].sel(fraction=0.0)
    assert (unattacked.isel(example=0).values == unattacked.isel(example=1).values).all()
    assert collect(tmp_path).identical(data)


def test_fractions_are_part_of_what_a_cell_is():
    one, other = (plan(attack={"fractions": values}).cells()[0] for values in ([0.1, 0.2], [0.1, 0.3]))
    assert one.identity != other.identity
    assert one.examples_seed.spawn_key == other.examples_seed.spawn_key


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"attack": {"fractions": [0.5, 1.5]}}, "fractions"),
        ({"attack": {"fractions": [0.5, 0.5]}}, "fractions must be different"),
        ({"attack": {"fractions": 0.5, "examples": "nearest"}}, "typical"),
        ({"starts": ["pattern"]}, "stands instead of starts"),
        ({"schedule": {"precision": 0.1}}, "has no precision"),
    ],
)
def test_wrong_attacks_are_refused(changes, words):
    with pytest.raises(dh.InvalidInput, match=words):
        plan(**changes)
