"""`solve_grid`: one branch at many points is `solve` at each of them, with one warning and no point left out."""

import numpy as np
import pytest
import xarray as xr

import densehop as dh
from densehop.theory import solve_grid

LOADS, TEMPERATURES = np.array([0.1, 0.7, 0.8, 1.5]), [0.05, 0.5]


def test_grid_is_solve_at_each_point():
    with pytest.warns(RuntimeWarning) as said:
        data = solve_grid(dh.DirectModel, "retrieval", p=3, load=LOADS, temperature=TEMPERATURES)
    assert [str(one.message) for one in said] == [
        "of 8 points 3 have no state (nan; see `reason`), 1 have a state that is unstable or has negative entropy (see "
        "`advice`)"
    ]
    assert data["m"].dims == ("alpha", "temperature")
    assert int(data.p) == 3
    for load in LOADS:
        for temperature in TEMPERATURES:
            here = data.sel(alpha=load, temperature=temperature)
            problem = dh.DirectModel(3, load, temperature)
            try:
                found = next(one for one in dh.candidates(problem) if one.branch == "retrieval")
            except StopIteration:
                assert not here["exists"]
                assert np.isnan(here["m"])
                assert "no state of finite overlap" in here["reason"].item()
                continue
            for name in ("m", "q", "free_energy", "replicon"):
                assert float(here[name]) == getattr(found, name)
            assert here["reason"].item() == ""
            assert here["advice"].item() == found.advice


def test_labelled_arrays_are_a_line_through_the_plane():
    along = xr.DataArray([1.0, 1.5, 2.0], dims="temperature", coords={"temperature": [1.0, 1.5, 2.0]})
    data = solve_grid(dh.TeacherStudent.nishimori, p=3, load=5 * along, temperature=along)
    assert data["q_star"].dims == ("temperature",)
    assert data.alpha.values.tolist() == [5.0, 7.5, 10.0]
    assert float(data["q_star"][1]) == dh.solve(dh.TeacherStudent.nishimori(3, 7.5, 1.5)).q_star
    scalar = solve_grid(dh.DirectModel, "paramagnet", p=[2, 3], load=0.5, temperature=9.0)
    assert scalar["entropy"].dims == ("p",)


def test_wrong_input_of_a_grid():
    with pytest.raises(dh.InvalidInput, match=r"load must be a number or of shape \(n,\), got shape \(1, 2\)"):
        solve_grid(dh.DirectModel, "retrieval", p=3, load=[[1.0, 2.0]], temperature=1.0)
    with pytest.raises(dh.InvalidInput, match="load must be a finite number >= 0, got -1"):
        solve_grid(dh.DirectModel, "retrieval", p=3, load=[1.0, -1.0], temperature=1.0)
    with pytest.raises(dh.InvalidInput, match=r"needs the problem's parameters by name"):
        solve_grid(dh.DirectModel, "retrieval")
    with pytest.raises(dh.InvalidInput, match=r"load must be one number, got shape \(2,\): .*solve_grid"):
        dh.DirectModel(3, np.array([0.1, 0.2]), 0.5)
