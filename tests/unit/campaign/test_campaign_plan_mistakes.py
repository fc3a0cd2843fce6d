"""Plans with mistakes: every one is a line that names the field."""

import pytest
import yaml

import densehop as dh
from densehop.campaign.plan_file import plan_of, read_plan
from tests.campaign_tasks import plan
from tests.unit.campaign.test_campaign_plan import GOOD


def changed(path, value):
    """Return the good plan with one field changed (None: left out)."""
    content = yaml.safe_load(GOOD)
    *parents, last = path.split(".")
    part = content
    for name in parents:
        part = part[name]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return content


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            "n_spins",
            [16, "x"],
            "plan: n_spins[1]: must be a valid integer, unable to parse string as an integer, got 'x'",
        ),
        ("n_spins", 1, "n_spins[0]: must be greater than or equal to 2, got 1"),
        ("n_spins", 2, "n_spins must be at least p = 3, got 2"),
        ("n_spins", [16, 16], "n_spins must be different, got 16 twice"),
        (
            "nspins",
            3,
            "nspins: there is no such field; allowed are name, seed, problem, n_spins, disorders, starts, attack, "
            "schedule",
        ),
        (
            "problem.lod",
            3,
            "problem.lod: there is no such field; allowed are model, p, load, n_examples, temperature, ",
        ),
        ("problem.load", None, "problem: give exactly one of load and n_examples"),
        ("problem.temperature", [2, 2], "problem: temperature must be different, got 2.0 twice"),
        ("problem.temperature", -1, "problem.temperature[0]: the number must be a finite number >= 0, got -1"),
        (
            "problem.temperature",
            float("nan"),
            "problem.temperature[0]: the number must be a finite number >= 0, got nan",
        ),
        ("problem.temperature", 0, "problem: teacher_temperature = nishimori needs temperature > 0"),
        ("problem.temperature", {"from": 1}, "problem.temperature: a range is written {from: 1, to: 3, points: 20}"),
        (
            "problem.temperature",
            {"from": 1, "to": 2, "points": 0},
            "points must be an integer from 1 to 1000000, got 0",
        ),
        ("problem.teacher_temperature", "nish", "must be numbers, 'nishimori' or 'effective-nishimori', got 'nish'"),
        (
            "problem.teacher_temperature",
            [1, -2],
            "teacher_temperature[1]: the number must be a finite positive number, got -2",
        ),
        ("problem.teacher_temperature", None, "problem: give teacher_temperature: a number, 'nishimori' or"),
        ("problem.teacher_p", 2, "problem: on the Nishimori line teacher_p is p: leave it out"),
        ("problem.p", [3, True], "problem.p[1]: a number is wanted"),
        ("problem.p", 2.5, "problem.p[0]: must be a valid integer, got a number with a fractional part, got 2.5"),
        (
            "problem.model",
            "direct",
            "problem: the direct model has no teacher: leave teacher_temperature and teacher_p out",
        ),
        ("starts", ["patern"], "starts[0].at: must be 'pattern', 'example', 'random' or 'overlap', got 'patern'"),
        ("starts", [1.8], "starts[0].overlap: must be less than or equal to 1, got 1.8"),
        ("starts", [], "starts: must not be empty, got []"),
        ("starts", ["overlap"], "starts[0]: overlap goes with at = overlap, and only with it"),
        ("starts", ["random", "random"], "the names of starts must be different, got random twice"),
        ("schedule.n_sweeps", 3, "schedule.n_sweeps: must be greater than or equal to 8, got 3"),
        ("schedule.burn_in", 0.99, "schedule: burn_in = 0.99 leaves fewer than 4 of 100 sweeps"),
        ("schedule.dynamics", "glauber", "schedule.dynamics: must be 'heat-bath' or 'metropolis', got 'glauber'"),
        ("schedule.max_sweeps", 3, "schedule: max_sweeps must be at least n_sweeps = 100, got 3"),
        ("schedule.precision", 0, "schedule.precision: the number must be a finite positive number, got 0"),
        ("disorders", 0, "disorders: must be greater than or equal to 1, got 0"),
        ("disorders", 99_999, "7999920 cells are too many; allowed are 1000000"),
        ("name", "a/b", "name: must be a word of letters, digits, '.', '_' and '-', got 'a/b'"),
        ("name", None, "name is missing"),
        ("problem", None, "problem is missing"),
        ("seed", -1, "seed: must be greater than or equal to 0, got -1"),
    ],
)
def test_mistakes_are_one_line(path, value, message):
    with pytest.raises(dh.InvalidInput) as caught:
        plan_of(changed(path, value))
    line = str(caught.value)
    assert message in line
    assert line.startswith("plan: ")
    assert "\n" not in line
    assert ";" not in line.replace("such field;", "").replace("many;", "")  # one mistake, said once


def test_several_mistakes_are_named_together():
    content = changed("seed", 1.5) | {"disorders": 0, "n_spins": 1}
    with pytest.raises(dh.InvalidInput, match=r"seed: .*; n_spins\[0\]: .*; disorders: "):
        plan_of(content)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.yaml", "name: x\nname: y\n", "is not valid YAML: 'name' stands there twice in .* line 2"),
        ("a.json", '{"name": "x", "name": "y"}', "is not valid JSON: 'name' stands there twice"),
        ("a.toml", 'name = "x"\nname = "y"\n', "is not valid TOML: "),
        ("a.yaml", "a: &a {x: 1}\nb: {<<: *a, <<: *a}\n", "is not valid YAML: '<<' stands there twice in .* line 2"),
        ("a.yaml", "a: [1,\n", "is not valid YAML: .* line 2"),
        ("a.yaml", "- 1", "must hold a mapping with name, problem, n_spins, ...; got"),
        ("a.yaml", "", "must hold a mapping"),
        ("a.toml", "a = \n", r"is not valid TOML: Invalid value \(at line 1"),
        ("a.txt", "", "a plan must be a file ending in .yaml, .yml, .toml, .json; got"),
    ],
)
def test_files_that_are_no_plans_are_one_line(name, text, message, tmp_path):
    (tmp_path / name).write_text(text)
    with pytest.raises(dh.InvalidInput, match=message):
        read_plan(tmp_path / name)
    with pytest.raises(dh.InvalidInput, match=r"cannot read the plan .*No such file"):
        read_plan(tmp_path / "nothing.yaml")


def test_one_start_under_two_names_is_refused():
    """It would be one cell with two labels, whose equal numbers look like agreement."""
    twice = [{"name": "one", "overlap": 0.5}, {"name": "other", "overlap": 0.5}]
    with pytest.raises(dh.InvalidInput, match="starts 'one' and 'other' differ in name alone"):
        plan(starts=twice)
    with pytest.raises(dh.InvalidInput, match="starts 'random' and 'anything' differ in name alone"):
        plan(starts=["random", {"name": "anything", "at": "random"}])
    grid = plan().model_dump()["grids"][0]
    planted = [{"name": "planted", "at": "pattern"}]
    with pytest.raises(dh.InvalidInput, match="starts 'pattern' and 'planted' differ in name alone"):
        plan_of({"name": "two", "grids": [grid, {**grid, "starts": planted}]})
    elsewhere = {**grid, "n_spins": [24], "starts": planted}
    assert len(plan_of({"name": "two", "grids": [grid, elsewhere]}).cells()) == 8
    assert len(plan(starts=["random", 0.5, 0.25]).cells()) == 12
