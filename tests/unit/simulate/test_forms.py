"""Forms of the sums over patterns: each is its tables to the last bit, and tables without a form are looked up."""

import dataclasses

import numpy as np
import pytest

import densehop as dh
from densehop.energies.tables import power_table
from densehop.kernels import forms
from densehop.kernels.forms.cube import Cube
from densehop.kernels.forms.exact import Fit
from densehop.kernels.forms.linear import Linear
from densehop.kernels.forms.polynomial import Polynomial
from densehop.kernels.forms.square import COST, Square
from densehop.kernels.forms.table import Table
from densehop.kernels.forms.wide_cube import WideCube
from densehop.simulate.representations.patterns import PatternChains
from tests import naive
from tests.unit.simulate.test_representations import same, signs


@pytest.mark.parametrize(("p", "n_spins"), [(2, 5), (2, 2), (3, 3), (3, 8), (4, 8), (5, 7), (6, 8), (8, 8)])
def test_fields_and_overlaps_of_every_form(p, n_spins):
    """Powers of the overlap or tables, all states of a few spins, among them stored patterns and their opposites."""
    patterns = np.concatenate([signs(40, n_spins), -signs(3, n_spins)])
    net = dh.PBodyHopfield(patterns, p)
    store = net._model.pattern_store
    form = {2: Linear, 3: Square, 4: Cube, 5: Polynomial, 6: Polynomial}.get(p if n_spins > 2 else 0, Table)
    assert isinstance(store.fit.form, form)
    for state in naive.all_states(n_spins)[:: max(1, 2**n_spins // 20)]:
        chain = PatternChains.start(store, state[np.newaxis])
        assert (chain.arrays.overlaps[0, :43] == patterns.astype(int) @ state).all()
        assert not chain.arrays.overlaps[0, 43:].any()
        doubled = [
            -naive.flip_cost(state, site, patterns, p) * state[site] / net.table.scale for site in range(n_spins)
        ]
        assert -chain.fields()[0] == pytest.approx(np.array(doubled), abs=1e-8)
        assert chain.energies[0] == pytest.approx(-naive.energy(state, patterns, p) / net.table.scale, abs=1e-8)


def looked_up(even, odd):
    """Return any tables as the form that looks them up, with sums in 64 bits."""
    return Fit(Table(even, odd, 2**31 - 1), COST, np.int64)


@pytest.mark.parametrize(
    ("p", "n_spins", "form"),
    [
        (2, 3, Linear),
        (2, 300, Linear),
        (3, 101, Square),
        (4, 61, Cube),
        (4, 256, Cube),
        (4, 257, Cube),
        (4, 258, WideCube),
        (4, 900, WideCube),
        (4, 1860, WideCube),  # (k^3 + (8 - 3N) k)/3 is just below 2^31
        (4, 1862, Polynomial),
        (5, 40, Polynomial),
        (5, 200, Polynomial),  # in 32 bits, of which a lane sums up 16 blocks
        (5, 301, Polynomial),  # in 64 bits
        (6, 41, Polynomial),
    ],
)
def test_fast_forms_equal_tables(p, n_spins, form, monkeypatch):
    """The same run with tables in 64 bits."""
    net = dh.PBodyHopfield(signs(700 if n_spins == 200 else 70, n_spins), p)
    options = {"snapshot_every": 1, "representation": "patterns"}
    fast = [net.sample(t, 1, 3, net.patterns[0], **options) for t in (0.5, 50.0)]
    assert isinstance(net._model.pattern_store.fit.form, form)
    monkeypatch.setattr("densehop.simulate.representations.patterns.fastest", looked_up)
    net = dh.PBodyHopfield(net.patterns, p)
    assert isinstance(net._model.pattern_store.fit.form, Table)
    tables = [net.sample(t, 1, 3, net.patterns[0], **options) for t in (0.5, 50.0)]
    assert all(same(pair) for pair in zip(fast, tables, strict=True))


@pytest.mark.parametrize(
    ("p", "interaction", "n_spins"),
    [(4, "strict", 256), (4, "strict", 257), (4, "power", 254), (5, "strict", 200), (9, "strict", 40)],
)
def test_largest_powers_fill_no_lane(p, interaction, n_spins):
    """Copies of one pattern, more than are summed without widening, and states at and beside it."""
    pattern, n_copies = signs(1, n_spins), 32 * 300 + 7
    net = dh.PBodyHopfield(np.repeat(pattern, n_copies, axis=0), p, interaction=interaction)
    assert isinstance(net._model.pattern_store.fit.form, Cube if p == 4 else Polynomial)
    single = dh.PBodyHopfield(pattern, p, interaction=interaction)
    for n_flipped in (0, 1, n_spins):
        state = pattern.copy()
        state[0, :n_flipped] *= -1
        fields = [PatternChains.start(each._model.pattern_store, state).fields() for each in (net, single)]
        assert (fields[0] == n_copies * fields[1]).all()
        assert fields[1][0] * net.table.scale / 2 == pytest.approx(single.local_fields(state)[0], rel=1e-12)


@pytest.mark.parametrize("make", [dh.energies.strict_table, power_table])
@pytest.mark.parametrize("p", [5, 6, 7, 8, 9, 10, 11])
@pytest.mark.parametrize("n_spins", [12, 31, 40, 90])
def test_polynomials_are_the_tables_modulo_the_type(make, p, n_spins):
    """Term by term in Python's integers; sums of as many blocks as the form allows stay within the type."""
    table = make(p, n_spins) if make is not power_table or 2 * (n_spins + 2) ** p < 2**63 else make(5, n_spins)
    form, _, kind, _ = forms.fastest(table.even, table.odd)
    assert isinstance(form, Polynomial)
    size = 2 ** (8 * np.dtype(kind).itemsize)
    for k, even, odd in zip(range(2 - n_spins, n_spins, 2), table.even[1:-1], table.odd[1:-1], strict=True):
        q = (k**2 - n_spins % 2) // 4
        left, right = (k, q) if form.amplitudes_are_odd else (q, k)
        parts = int(even) - form.constant, int(odd) - form.shift
        terms = (form.even, left), (form.odd, right)
        assert all(
            (factor * sum(c * q**n for n, c in enumerate(series)) - part) % size == 0
            for part, (series, factor) in zip(parts, terms, strict=True)
        )
        assert kind is np.int64 or form.chunk * max(map(abs, parts)) < 2**31


def test_polynomials_with_even_denominators_are_looked_up():
    k = np.arange(-12, 13, 2)
    for factor, expected in ((1, Polynomial), (2, Table)):  # k q/2 is an integer, too, as k is even
        assert isinstance(forms.fastest(k * k**2 // 4 // factor, 5 * k**2 // 4).form, expected)


def test_tables_that_are_almost_powers_are_looked_up():
    """One changed number, and the fast form is not taken."""
    for p in (2, 3, 4, 5, 6):
        table = dh.energies.strict_table(p, 12)
        for name in ("even", "odd"):
            values = getattr(table, name).copy()
            values[5] += 1
            changed = dataclasses.replace(table, **{name: values})
            assert isinstance(forms.fastest(changed.even, changed.odd).form, Table)
