"""Python code that gives the same numbers as the page."""

from densehop.apps.explorer.compute.cut import CutLine
from densehop.apps.explorer.compute.phase_plane import PhasePlane
from densehop.apps.explorer.compute.point import Point
from densehop.apps.explorer.compute.simulation import BURN_IN, N_CHAINS, SimulationRequest, rectified_degree

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
    network = dh.PBodyHopfield({stored}, {energy})
    seed = np.random.SeedSequence(({seed}, disorder, 0))
    states = {start}
    traces = []
    for block, n_sweeps in enumerate({blocks}):
        seed = np.random.SeedSequence(({seed}, disorder, 1 + block))
        run = network.sample({temperature!r}, {n_chains}, n_sweeps, start=states, snapshot_every=1, seed=seed)
        states = run.spins
        traces.append(run.snapshots @ pattern.astype(int) / {n_spins})
    overlaps.append(np.concatenate(traces, axis=1))
overlaps = {overlaps}  # (disorder, chain, sweep)
estimate = dh.diagnostics.disorder_estimate(overlaps[:, :, {burn_in}:].mean(axis=(1, 2)))
print(estimate.mean, estimate.error)
"""

TEACHER = """    seed = np.random.SeedSequence(({seed}, disorder))
    pattern, examples = dh.draw_examples({n_spins}, {n_examples}, {p}, {temperature!r}, seed)"""
MEMORIES = """    seed = np.random.SeedSequence(({seed}, disorder))
    memories = dh.simulate.random_states({n_spins}, {n_examples}, seed)
    pattern = memories[0]"""

COPIES = """    seed = np.random.SeedSequence(({seed}, disorder))
    patterns = dh.simulate.random_states({n_spins}, {n_patterns}, seed).repeat({n_copies}, axis=0)
    pattern = patterns[-1]
    kept = np.random.default_rng(seed).random(patterns.shape, dtype=np.float32) < (1 + {reliability!r}) / 2
    examples = np.where(kept, patterns, -patterns)"""


def problem_expression(point: Point) -> str:
    """Return the problem at a point as an expression."""
    plane, p, x, t = point.plane, point.plane.p, point.coordinate, point.temperature
    if plane.exponential:
        return _of_many(plane, x, t)
    if plane.model == "direct":
        return f"dh.DirectModel(p={p}, load={x!r}, temperature={t!r})"
    if plane.model == "nishimori":
        return f"dh.TeacherStudent.nishimori(p={p}, load={x!r}, temperature={t!r})"
    if plane.model == "fixed_teacher":
        settings = f"load={x!r}, temperature={t!r}, teacher_temperature={plane.teacher_temperature!r}"
        return f"dh.TeacherStudent(p={p}, {settings})"
    if plane.model == "finite_noise":
        settings = f"scaled_load={x!r}, temperature={t!r}, teacher_temperature={plane.teacher_temperature!r}"
        return f"dh.TeacherStudent.finite_noise(p={p}, {settings})"
    return f"dh.TeacherStudent(p={p}, load={x!r}, temperature={t!r}, teacher_p=2, signal={x / t!r})"


def _of_many(plane: PhasePlane, x: float, t: float) -> str:
    """Return a problem of exponentially many memories as an expression."""
    if plane.model == "exponential_archetypes":
        settings = f"sharpness={plane.sharpness!r}, temperature={t!r}, reliability={plane.reliability!r}"
        return f"dh.ExponentialArchetypes(load={x!r} + {plane.copies_load!r}, {settings}, archetype_load={x!r})"
    kinds = {"exponential": "ExponentialModel", "rectified": "RectifiedModel"}
    kind = kinds.get(plane.model, "ExponentialTeacherStudent")
    return f"dh.{kind}(load={x!r}, temperature={t!r}{_settings(plane)})"


def of_point(point: Point) -> str:
    """Return code that prints the phase and the branches of a point."""
    return SOLVE.format(problem=problem_expression(point))


def of_diagram(plane: PhasePlane) -> str:
    """Return code that computes the phase diagram of a plane."""
    return DIAGRAM.format(p=plane.p, model=plane.model, x=plane.window[0], t=plane.window[1], settings=_settings(plane))


def _settings(plane: PhasePlane) -> str:
    """Return the last arguments of `phase_diagram` that a plane needs."""
    return "".join(f", {name}={value!r}" for name, value in plane.settings.items())


def of_cut(line: CutLine) -> str:
    """Return code that prints the theory along a line."""
    positions = line.positions(line.n_points)
    varied = f"np.linspace({float(positions[0])!r}, {float(positions[-1])!r}, {len(positions)})"
    coordinate, temperature = f"[{line.coordinate!r}]", f"[{line.temperature!r}]"
    x, t = (coordinate, varied) if line.by_temperature else (varied, temperature)
    return CUT.format(
        p=line.plane.p, model=line.plane.model, x=x, t=t, settings=_settings(line.plane), overlap=line.order_parameter
    )


def of_simulation(request: SimulationRequest, n_sweeps: int | None = None) -> str:
    """Return code that repeats a simulation, or its first `n_sweeps` sweeps."""
    point, n_spins, n_sweeps = request.point, request.n_spins, n_sweeps or request.n_sweeps
    teacher_temperature, plane = point.teacher_temperature(n_spins), point.plane
    n_copies = point.n_copies(n_spins) if plane.copies_load is not None else request.n_examples
    settings = {"seed": request.seed, "n_spins": n_spins, "n_examples": request.n_examples, "n_copies": n_copies}
    settings["n_patterns"] = request.n_examples // n_copies
    kind = COPIES if plane.reliability is not None else TEACHER if plane.has_teacher else MEMORIES
    draw = kind.format(**settings, p=point.teacher_p, temperature=teacher_temperature, reliability=plane.reliability)
    stored = "examples" if plane.has_teacher else "memories"
    whole, rest = divmod(n_sweeps, request.sweeps_per_block)
    blocks = f"[{request.sweeps_per_block}] * {whole}" + (f" + [{rest}]" if rest else "")
    burn_in = int(BURN_IN * n_sweeps)
    return SIMULATE.format(
        draw=draw,
        stored=stored,
        n_spins=n_spins,
        energy=_energy(plane, n_spins),
        seed=request.seed,
        n_disorders=request.n_disorders,
        start=_start(request, stored),
        blocks=blocks,
        temperature=point.temperature,
        n_chains=N_CHAINS,
        burn_in=burn_in,
        overlaps=f"dh.diagnostics.fix_signs(overlaps, {burn_in})" if plane.symmetric else "np.array(overlaps)",
    )


def _energy(plane: PhasePlane, n_spins: int) -> str:
    """Return what a network needs besides its patterns."""
    if plane.degree is not None:
        return f'p={rectified_degree(plane.degree, n_spins)}, interaction="rectified"'
    return f'interaction="exponential", sharpness={plane.sharpness!r}' if plane.exponential else f"p={plane.p}"


def _start(request: SimulationRequest, stored: str) -> str:
    """Return the initial states of the chains as an expression."""
    return {
        "random": f"dh.simulate.random_states({request.n_spins}, {N_CHAINS}, seed)",
        "overlap": f"dh.simulate.states_at_overlap(pattern, {request.amount!r}, {N_CHAINS}, seed)",
        "attacked": f"dh.simulate.attacked(pattern, {stored}[-1], {request.amount!r}, {N_CHAINS}, seed)",
        "example": f"np.repeat({stored}[-1:], {N_CHAINS}, axis=0)",
        "pattern": f"np.repeat(pattern[None], {N_CHAINS}, axis=0)",
    }[request.start]
