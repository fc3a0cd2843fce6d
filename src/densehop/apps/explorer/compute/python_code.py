"""The lines of Python that give the same numbers as the page."""

from densehop.apps.explorer.compute.cut import Along
from densehop.apps.explorer.compute.phase_plane import Point, View
from densehop.apps.explorer.compute.simulation import BURN_IN, N_CHAINS, Request

SOLVE = """import densehop as dh

problem = {problem}
print(dh.phase(problem))
for solution in dh.candidates(problem):  # the winner first
    print(solution.branch, solution.m, solution.q, solution.q_star, solution.free_entropy, solution.entropy)
"""

DIAGRAM = """import numpy as np
import densehop as dh

diagram = dh.phase_diagram({p}, "{model}", np.linspace(0, {x:g}, 121), np.linspace(0, {t:g}, 121){settings})
diagram.to_netcdf("diagram.nc")
"""

CUT = """import numpy as np
import densehop as dh

cut = dh.phase_diagram({p}, "{model}", {x}, {t}{settings}, boundaries=False)
print(cut["{overlap}"].values.ravel())
"""

SIMULATE = """import numpy as np
import densehop as dh

overlaps = []
for disorder in range({n_disorders}):
{draw}
    network = dh.PBodyHopfield({stored}, p={p})
    seed = np.random.SeedSequence(({seed}, disorder, 0))
    states = {start}
    traces = []
    for block, n_sweeps in enumerate({blocks}):
        seed = np.random.SeedSequence(({seed}, disorder, 1 + block))
        run = network.sample({temperature!r}, {n_chains}, n_sweeps, start=states, references=pattern, seed=seed)
        states = run.spins
        traces.append(run.overlap[:, :, 0])
    overlaps.append(np.concatenate(traces, axis=1))
late = np.array(overlaps)[:, :, {burn_in}:].mean(axis=2)  # (disorder, chain)
estimate = dh.diagnostics.disorder_estimate({late}.mean(axis=1))
print(estimate.mean, estimate.error)
"""

TEACHER = """    seed = np.random.SeedSequence(({seed}, disorder))
    pattern, examples = dh.draw_examples({n_spins}, {n_examples}, {p}, {temperature!r}, seed)"""
MEMORIES = """    seed = np.random.SeedSequence(({seed}, disorder))
    memories = dh.simulate.random_states({n_spins}, {n_examples}, seed)
    pattern = memories[0]"""


def problem(point: Point) -> str:
    """Return the problem at a point as an expression."""
    view, p, x, t = point.view, point.view.p, point.coordinate, point.temperature
    if view.model == "direct":
        return f"dh.DirectModel(p={p}, load={x!r}, temperature={t!r})"
    if view.model == "nishimori":
        return f"dh.TeacherStudent.nishimori(p={p}, load={x!r}, temperature={t!r})"
    if view.model == "fixed_teacher":
        return (
            f"dh.TeacherStudent(p={p}, load={x!r}, temperature={t!r}, teacher_temperature={view.teacher_temperature!r})"
        )
    if view.model == "finite_noise":
        hot = view.teacher_temperature
        return (
            f"dh.TeacherStudent.finite_noise(p={p}, scaled_load={x!r}, temperature={t!r}, teacher_temperature={hot!r})"
        )
    return f"dh.TeacherStudent(p={p}, load={x!r}, temperature={t!r}, teacher_p=2, signal={x / t!r})"


def at_point(point: Point) -> str:
    """Return the lines that print the phase and the branches of a point."""
    return SOLVE.format(problem=problem(point))


def of_diagram(view: View) -> str:
    """Return the lines that compute a view's diagram."""
    settings = "" if view.teacher_temperature is None else f", teacher_temperature={view.teacher_temperature!r}"
    return DIAGRAM.format(p=view.p, model=view.model, x=view.window[0], t=view.window[1], settings=settings)


def of_cut(along: Along) -> str:
    """Return the lines that print the theory along a line."""
    axis = along.axis(along.fine)
    even = f"np.linspace({float(axis[0])!r}, {float(axis[-1])!r}, {len(axis)})"
    coordinate, temperature = f"[{along.coordinate!r}]", f"[{along.temperature!r}]"
    x, t = (coordinate, even) if along.by_temperature else (even, temperature)
    hot = along.view.teacher_temperature
    settings = "" if hot is None else f", teacher_temperature={hot!r}"
    return CUT.format(p=along.view.p, model=along.view.model, x=x, t=t, settings=settings, overlap=along.ordered)


def of_simulation(request: Request, n_sweeps: int | None = None) -> str:
    """Return the lines that repeat a simulation, as far as it has come."""
    point, n_spins, n_sweeps = request.point, request.n_spins, n_sweeps or request.n_sweeps
    hot = point.teacher_temperature(n_spins)
    given = {"seed": request.seed, "n_spins": n_spins, "n_examples": request.n_examples}
    draw = (MEMORIES if hot is None else TEACHER).format(**given, p=point.teacher_p, temperature=hot)
    stored = "memories" if hot is None else "examples"
    whole, rest = divmod(n_sweeps, request.block)
    blocks = f"[{request.block}] * {whole}" + (f" + [{rest}]" if rest else "")
    return SIMULATE.format(
        draw=draw,
        stored=stored,
        p=point.view.p,
        seed=request.seed,
        n_disorders=request.n_disorders,
        start=_start(request, stored),
        blocks=blocks,
        temperature=point.temperature,
        n_chains=N_CHAINS,
        burn_in=int(BURN_IN * n_sweeps),
        late="np.abs(late)" if point.view.p % 2 == 0 else "late",
    )


def _start(request: Request, stored: str) -> str:
    """Return the chains' first states as an expression."""
    return {
        "random": f"dh.simulate.random_states({request.n_spins}, {N_CHAINS}, seed)",
        "overlap": f"dh.simulate.states_at_overlap(pattern, {request.amount!r}, {N_CHAINS}, seed)",
        "attacked": f"dh.simulate.attacked(pattern, {stored}[-1], {request.amount!r}, {N_CHAINS}, seed)",
        "example": f"np.repeat({stored}[-1:], {N_CHAINS}, axis=0)",
        "pattern": f"np.repeat(pattern[None], {N_CHAINS}, axis=0)",
    }[request.start]
