"""Plans: what they mean, however they are written."""

import numpy as np
import pytest
import yaml

import densehop as dh
from densehop.campaign.plan import Grid, Plan, Problem, Schedule, Start
from densehop.campaign.plan_file import plan_of, read_plan
from densehop.campaign.plan_text import parse
from tests.campaign_tasks import plan

GOOD = """
name: overlap
seed: 3
problem:
  p: 3
  load: [3, 6]
  temperature: {from: 1, to: 3, points: 5}
  teacher_temperature: nishimori
n_spins: [16, 24]
disorders: 2
starts: [pattern, random, 0.8, {name: local, overlap: 0.3}]
schedule: {n_chains: 4, n_sweeps: 100, precision: 1e-2}
"""

GOOD_TOML = """
name = "overlap"
seed = 3
n_spins = [16, 24]
disorders = 2
starts = ["pattern", "random", 0.8, {name = "local", overlap = 0.3}]
[problem]
p = 3
load = [3, 6]
temperature = {from = 1, to = 3, points = 5}
teacher_temperature = "nishimori"
[schedule]
n_chains = 4
n_sweeps = 100
precision = 1e-2
"""


def test_plan_means_the_same_in_yaml_toml_and_python(tmp_path):
    (tmp_path / "plan.yaml").write_text(GOOD)
    (tmp_path / "plan.toml").write_text(GOOD_TOML)
    typed = Plan(
        name="overlap",
        seed=3,
        grids=(
            Grid(
                problem=Problem(
                    p=(3,), load=(3.0, 6.0), temperature=(1.0, 1.5, 2.0, 2.5, 3.0), teacher_temperature="nishimori"
                ),
                n_spins=(16, 24),
                disorders=2,
                starts=(
                    Start(name="pattern", at="pattern"),
                    Start(name="random", at="random"),
                    Start(name="overlap 0.8", at="overlap", overlap=0.8),
                    Start(name="local", at="overlap", overlap=0.3),
                ),
                schedule=Schedule(n_chains=4, n_sweeps=100, precision=0.01),
            ),
        ),
    )
    assert read_plan(tmp_path / "plan.yaml") == read_plan(tmp_path / "plan.toml") == typed
    assert plan_of(typed.model_dump(mode="json")) == typed
    cells = typed.cells()
    assert len(cells) == typed.grids[0].n_cells == 2 * 5 * 2 * 2 * 4 == len({cell.identity for cell in cells})
    assert {cell.teacher_temperature - cell.temperature for cell in cells} == {0.0}
    assert {cell.n_examples for cell in cells if (cell.n_spins, cell.load) == (24, 6.0)} == {576}
    assert cells[0].run.max_sweeps == 1600


def test_teacher_on_the_effective_nishimori_line():
    """The published figure has p = 4, T* = sqrt(N T/2), which makes the signal alpha/T."""
    problem = {
        "p": 4,
        "load": 1.0,
        "temperature": [0.8, 3.0],
        "teacher_p": 2,
        "teacher_temperature": "effective-nishimori",
    }
    for cell in plan(problem=problem, n_spins=[64]).cells():
        assert cell.teacher_temperature == pytest.approx((64 * cell.temperature / 2) ** 0.5, rel=1e-12)
        scaled = cell.teacher_temperature / 64 ** (1 - 2 / 4)
        limit = dh.TeacherStudent.large_noise(4, 1.0, cell.temperature, scaled)
        assert limit.signal == pytest.approx(1.0 / cell.temperature, rel=1e-12)


def test_cells_are_named_by_content_not_by_place():
    few, many = plan(), plan(problem={"load": [3.0, 9.0, 6.0, 12.0]}, disorders=3, n_spins=[24, 16], seed=0)
    assert {cell.identity for cell in few.cells()} < {cell.identity for cell in many.cells()}
    assert plan(seed=1).cells()[0].identity != few.cells()[0].identity
    assert few.cells()[0].identity == "45167026ac40138df44c5874"  # a change means that old folders count for nothing


def test_only_the_starts_of_a_disorder_share_examples():
    cells = plan(starts=["pattern", "random"], problem={"temperature": [2.0, 2.5]}, n_spins=[16, 24]).cells()
    places = {}
    for cell in cells:
        places.setdefault(cell.examples_seed.spawn_key, set()).add(cell.start)
    assert len(places) == len(cells) // 2
    assert set(map(frozenset, places.values())) == {frozenset({"pattern", "random"})}
    chains = {cell.segment_seed(segment).spawn_key for cell in cells for segment in range(3)}
    assert len(chains | set(places)) == 3 * len(cells) + len(places)


def test_names_of_starts_and_loads_are_no_part_of_a_cell():
    named = plan(starts=[{"name": "here", "overlap": 0.5}]).cells()[0]
    plain = plan(starts=[0.5]).cells()[0]
    by_number = plan(starts=[0.5], problem={"load": None, "n_examples": [plain.n_examples]}).cells()[0]
    assert named.identity == plain.identity == by_number.identity
    assert (named.start_name, plain.start_name) == ("here", "overlap 0.5")


def test_direct_model_has_no_pattern():
    direct = {"model": "direct", "teacher_temperature": None}
    with pytest.raises(dh.InvalidInput, match="starts: the direct model has no teacher's pattern; start at 'example'"):
        plan(problem=direct)
    with pytest.raises(dh.InvalidInput, match="observable: the direct model has no q_star; allowed are m and energy"):
        plan(problem=direct, starts=["example"], schedule={"observable": "q_star"})
    assert plan(problem=direct, starts=["example"]).cells()[0].run.observable == "m"


def test_axis_takes_arrays():
    typed = Problem(p=3, load=np.array([1.0, 2.0]), temperature=np.linspace(1, 2, 3), teacher_temperature=2.0)
    assert (typed.load, typed.temperature, typed.teacher_temperature) == ((1.0, 2.0), (1.0, 1.5, 2.0), (2.0,))


def written(tmp_path, text, suffix=".yaml", encoding="utf-8"):
    (tmp_path / f"plan{suffix}").write_bytes(text.encode(encoding))
    return read_plan(tmp_path / f"plan{suffix}")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(("suffix", "text"), [(".yaml", GOOD), (".YML", GOOD), (".toml", GOOD_TOML)])
def test_plan_means_the_same_however_it_is_saved(encoding, suffix, text, tmp_path):
    assert written(tmp_path, text, suffix, encoding) == plan_of(yaml.safe_load(GOOD))


def test_plan_in_another_encoding_is_one_line(tmp_path):
    with pytest.raises(dh.InvalidInput, match="is not text in UTF-8: line 2 holds the byte 0xe9; save it as UTF-8"):
        written(tmp_path, "name: x\n# \u00e9t\u00e9\n", encoding="latin-1")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0123", 123), ("1_000", 1000), ("0o17", 15), ("0x1f", 31), ("+5", 5), ("-0", 0), ("1:30", "1:30"),
        ("1e0", 1.0), ("2E-1", 0.2), (".5", 0.5), ("1.", 1.0), ("1_0.5", 10.5), (".inf", float("inf")),
        ("0b11", "0b11"), ("no", "no"), ("on", "on"), ("y", "y"), ("true", True), ("FALSE", False), ("~", None),
        ("", None), ("2024-01-01", "2024-01-01"), ("1.2.3", "1.2.3"), ("1e", "1e"), ("0.30", 0.3), ("'0123'", "0123"),
    ],
)  # fmt: skip
def test_yaml_is_read_as_people_mean_it(text, value):
    found = parse(f"a: {text}", ".yaml", "x")["a"]
    assert (found, type(found)) == (value, type(value))


def test_merge_keys_of_yaml(tmp_path):
    text = "name: m\ngrids:\n  - &first\n    problem: {p: 3, load: 1, temperature: 2.0, teacher_temperature: 1.0}\n"
    found = written(tmp_path, f"{text}    n_spins: 12\n  - <<: *first\n    n_spins: 14\n")
    assert [grid.n_spins for grid in found.grids] == [(12,), (14,)]
    assert found.grids[0].problem == found.grids[1].problem


def names(**problem):
    return {cell.identity for cell in plan(problem=problem, n_spins=[16, 24], starts=[0.5, -0.25]).cells()}


def test_two_spellings_of_one_grid_give_the_same_cells():
    listed = names(temperature=[0.1, 0.2, 0.3, 0.4, 0.5])
    ways = [
        {"from": 0.1, "to": 0.5, "points": 5}, {"from": "1e-1", "to": "0.5", "points": "5"},
        ["0.1", "0.20", "3e-1", 0.4, "0.5"], np.array([0.1, 0.2, 0.3, 0.4, 0.5]), [0.5, 0.3, 0.1, 0.2, 0.4],
    ]  # fmt: skip
    assert all(names(temperature=way) == listed for way in ways)
    still = {"teacher_temperature": 1.0}
    assert names(temperature=-0.0, **still) == names(temperature=0, **still) == names(temperature="0", **still)
    ways = [[16, 20, 24], {"from": 16, "to": 24, "points": 3}, ["16", "20", 24.0]]
    sizes = [plan(n_spins=way).cells() for way in ways]
    assert sizes[0] == sizes[1] == sizes[2]
    starts = [plan(starts=way).cells() for way in ([0.5, 0], ["0.5", -0.0], [{"overlap": "0.50"}, {"overlap": 0.0}])]
    assert starts[0] == starts[1] == starts[2]
    assert len({cell.start_name for one in starts for cell in one}) == 2
    given, default = plan(schedule={"precision": 0.1, "max_sweeps": 384}), plan(schedule={"precision": "1e-1"})
    assert {cell.identity for cell in given.cells()} == {cell.identity for cell in default.cells()}


def test_a_range_of_one_point_has_one_end():
    assert plan(problem={"temperature": {"from": 2, "to": 2, "points": 1}}) == plan(problem={"temperature": [2.0]})
    with pytest.raises(dh.InvalidInput, match="a range of 1 point needs from = to, got 1 and 3"):
        plan(problem={"temperature": {"from": 1, "to": 3, "points": 1}})
