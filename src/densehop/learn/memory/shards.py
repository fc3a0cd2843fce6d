"""`ShardedMemory`: one exponential memory in pieces on the workers of a Dask cluster, with the answers of a whole one.

Each shard answers a state x with its nearest memory, the logarithm of its sum of weights L_s and its weighted mean
mu_s. They merge exactly:

    L = log sum_s exp(L_s),    mu = sum_s exp(L_s - L) mu_s.

A shard is made from its piece of the data on whatever worker needs it, so Dask makes it anew where a worker dies.
"""

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats, Integers, Mask, Reals
from densehop.errors import InvalidInput
from densehop.kernels.recall import equal_within
from densehop.learn.memory import familiarity
from densehop.learn.memory import shard_work as work
from densehop.learn.memory.encoding import Encoding, default_beta, encoding_between
from densehop.learn.memory.familiarity import Familiarity, checked_rate, independent_signs
from densehop.learn.memory.interactions import Interaction
from densehop.learn.memory.questions import known_values
from densehop.learn.memory.result import Recall
from densehop.learn.memory.saddles import TOLERANCE, leave
from densehop.learn.memory.shard_spread import SpreadOfShards


class ShardedMemory:
    """Restore rows by memories that lie in pieces on several machines; "exponential" and "attention" at T = 0.

    The same energy, dynamics and judgement of questions as `DenseAssociativeMemory`, and the same answers: the same
    rows, neighbours, signs and minima (`settled`), sums to 1e-12 (greys, which are screened in single precision, to
    1e-6).

    Parameters
    ----------
    client : distributed.Client
        Of the cluster that holds the pieces.
    interaction, beta, encoding, scale, max_steps, false_alarm_rate : as of `DenseAssociativeMemory`
        beta=None is for signs only: what suits greys depends on the distances of all of them.
    folder : path or None
        A folder, on the workers, for shards that stay in files (`store` of `DenseAssociativeMemory`).

    Raises
    ------
    InvalidInput
        If `client` is none, or a parameter is not allowed.
    """

    def __init__(
        self,
        client: Any,
        interaction: str = "exponential",
        *,
        beta: float | None = None,
        encoding: str = "auto",
        scale: str = "auto",
        max_steps: int = 100,
        false_alarm_rate: float | None = None,
        folder: str | None = None,
    ) -> None:
        checks.choice("interaction", interaction, ("exponential", "attention"))
        if not all(hasattr(client, name) for name in ("submit", "gather")):
            raise InvalidInput(f"client must be the distributed.Client of a Dask cluster, got {client!r}")
        self.client = client
        self.interaction, self.beta, self.encoding, self.scale = interaction, beta, encoding, scale
        self.max_steps = checks.integer("max_steps", max_steps, 1)
        self.false_alarm_rate = checked_rate(false_alarm_rate)
        self.folder = folder

    def fit(self, pieces: Sequence[work.Piece]) -> Self:
        """Store the rows of all pieces, in order: arrays (M, N) without nan, or paths of .npy files on the workers.

        Paths are better: nothing goes through the scheduler, and files may be larger than memory (they are mapped).
        """
        if not len(pieces):
            raise InvalidInput("pieces must hold at least one array or path, got none")
        ranges = self._everywhere(work.ranges_of, pieces)
        widths = {len(low) for _, low, _ in ranges}
        if len(widths) > 1:
            raise InvalidInput(f"pieces must have rows of one length, got {sorted(widths)}")
        lows, highs = np.min([low for _, low, _ in ranges], axis=0), np.max([high for _, _, high in ranges], axis=0)
        values = lambda ends: all(self._everywhere(work.only_these, pieces, *ends))  # noqa: E731
        self.encoding_: Encoding = encoding_between(lows, highs, values, self.encoding, self.scale)
        if self.beta is None and self.encoding_.kind == "graded":
            raise InvalidInput("beta must be given for greys: `beta_` of a DenseAssociativeMemory of some of the rows")
        self.beta_ = default_beta(self.encoding_, np.empty((0, 0))) if self.beta is None else self.beta
        self.interaction_ = Interaction(self.interaction, 2, self.beta_, len(lows))
        self._starts = np.cumsum([0, *(number for number, _, _ in ranges)])
        self._shards = [
            self.client.submit(
                work.shard_of, piece, self.encoding_, self.interaction_, self._store_of(index), pure=False
            )
            for index, piece in enumerate(pieces)
        ]
        self._familiarity: Familiarity | None = None
        return self

    def transform(self, X: ArrayLike) -> Reals:  # noqa: N803 (scikit-learn's name)
        """Return the rows of X (B, N) restored; nan marks a hidden value."""
        return self.recall(X).patterns

    def kneighbors(self, X: ArrayLike, n_neighbors: int = 1) -> tuple[Floats, Integers]:  # noqa: N803
        """Return the distances of the rows of X (B, N) to their nearest stored rows and these rows' indices, (B, k)."""
        data, present = self._questions(X, None)
        count = checks.integer("n_neighbors", n_neighbors, 1, int(self._starts[-1]))
        squares, indices = self._nearest(self._start(data, present), present, count, real=not self._signs)
        return np.sqrt(squares) * self.encoding_.unit, indices

    def recall(self, X: ArrayLike, known: ArrayLike | None = None) -> Recall:  # noqa: N803
        """Restore the rows of X (B, N) and describe what became of them, as `DenseAssociativeMemory.recall`."""
        data, present = self._questions(X, known)
        questions = self._start(data, present)
        states, moving, n_steps, posterior = self._move(questions, present)
        settled = ~moving
        if not self._real:
            states[settled], settled[settled] = self._descend(
                states[settled], None if present is None else ~present[settled]
            )
        nearest, rows = self._nearest(states, None, 1, real=self._real)
        squares, memory = nearest[:, 0] if self._real else np.rint(nearest[:, 0]), rows[:, 0]
        logs = self._mixture(states, None).logs
        distance = self._distances(questions, present, memory)
        judge = self._judge()
        p_value = judge.p_values(distance, present, self._nearest_others)
        rate = judge.rate(self.false_alarm_rate)
        confidence = (1 + np.sign(states) * posterior) / 2 if self._signs else np.full(states.shape, np.nan)
        decoded = self.encoding_.decode(states).astype(data.dtype)
        return Recall(
            patterns=decoded if present is None else np.where(present, data, decoded),
            memory=memory,
            overlap=1 - squares / 2 / states.shape[1],
            energy=-logs / self.beta_,
            confidence=confidence,
            distance=distance,
            p_value=p_value,
            known=(p_value <= rate) & (rate > 0),
            false_alarm_rate=rate,
            n_steps=n_steps,
            settled=settled,
        )

    @property
    def _real(self) -> bool:
        return self.interaction == "attention" or not self._signs

    @property
    def _signs(self) -> bool:
        return self.encoding_.kind == "binary"

    def _questions(self, data: ArrayLike, known: ArrayLike | None) -> tuple[Reals, Mask | None]:
        """Return checked questions and which of their values are known."""
        rows = checks.as_array("X", data)
        n_sites = self.interaction_.n_sites
        if rows.ndim != 2 or rows.shape[1] != n_sites or rows.dtype.kind not in "biuf":
            raise InvalidInput(f"X must be numbers of shape (B, {n_sites}), got {rows.dtype} of shape {rows.shape}")
        rows = rows if rows.dtype in (np.float32, np.float64) else rows.astype(np.float64)
        return rows, known_values(rows, known)

    def _start(self, data: Reals, present: Mask | None) -> Reals:
        start = self.encoding_.encode(data)
        return start if present is None else np.where(present, start, data.dtype.type(0))

    def _target(self, means: Floats, states: Reals) -> Reals:
        """Return where states go: to the mean, or to its signs; balanced ones stay, hidden ones go to +1."""
        if self._real:
            return means.astype(states.dtype)
        kept = np.where(states == 0, 1, states)
        balanced = np.abs(means) <= equal_within(int(self._starts[-1]))
        return np.where(balanced, kept, np.sign(means)).astype(states.dtype)

    def _move(self, questions: Reals, present: Mask | None) -> tuple[Reals, Mask, int, Floats]:
        """Return states (B, N) after steps of all free sites, which still move, how many steps, and the first means."""
        states, moving, n_steps = questions.copy(), np.ones(len(questions), dtype=bool), 0
        posterior = np.zeros(questions.shape)
        while moving.any() and n_steps < self.max_steps:
            rows = np.flatnonzero(moving)
            known = None if present is None else present[rows]
            means = self._mixture(states[rows], known if n_steps == 0 else None).means
            after = self._target(means, states[rows])
            after = after if known is None else np.where(known, questions[rows], after)
            still = np.abs(after - states[rows]).max(axis=1) <= (TOLERANCE if self._real else 0)
            if self._real and still.any():
                still[still] = ~self._leave_saddles(after, None if known is None else ~known, np.flatnonzero(still))
            moving[rows] = ~still
            posterior = means if n_steps == 0 else posterior
            states[rows], n_steps = after, n_steps + 1
        return states, moving, n_steps, posterior

    def _leave_saddles(self, states: Reals, free: Mask | None, rows: Integers) -> Mask:
        """Move those of some rows of states at rest that are no minima, as one machine does; return which."""
        logs = self._mixture(states[rows], None).logs
        squares = self._nearest(states[rows], None, 1, real=True)[0][:, 0]
        blends = np.flatnonzero(np.exp(-self.beta_ / 2 * squares - logs) < 1 - TOLERANCE)
        moved = np.zeros(len(rows), dtype=bool)
        if len(blends):
            spread = SpreadOfShards(self._ask, states[rows[blends]], logs[blends])
            moved[blends] = leave(self.beta_, spread, states, free, rows[blends])
        return moved

    def _descend(self, states: Reals, free: Mask | None) -> tuple[Reals, Mask]:
        """Return spins (B, N) after single flips of free sites, in order, each a round of all shards; which are minima.

        A flip lowers the energy where the memories that differ at the site gain more than those that agree lose.
        """
        states, settled = states.copy(), np.zeros(len(states), dtype=bool)
        after, sweeps = np.zeros(len(states), dtype=np.int64), np.zeros(len(states), dtype=np.int64)
        moving = np.arange(len(states))
        while len(moving):
            current = states[moving]
            flips = work.Flips.merge(self._ask(work.flips_of, current))
            lowers = flips.lower(self.beta_, int(self._starts[-1]))
            lowers = lowers if free is None else lowers & free[moving]
            settled[moving] = ~lowers.any(axis=1)
            later = lowers & (np.arange(current.shape[1]) >= after[moving, None])
            sweeps[moving] += ~later.any(axis=1)
            site = np.where(later.any(axis=1), later.argmax(axis=1), lowers.argmax(axis=1))
            on = ~settled[moving] & (sweeps[moving] < self.max_steps)
            moving, site = moving[on], site[on]
            states[moving, site] *= -1
            after[moving] = site + 1
        return states, settled

    def _mixture(self, states: Reals, seen: Mask | None) -> work.Mixture:
        return work.Mixture.merge(self._ask(work.mixture_of, states, seen, real=self._real))

    def _nearest(self, states: Reals, seen: Mask | None, count: int, *, real: bool) -> tuple[Floats, Integers]:
        """Return squared distances (B, k) of encoded states to their nearest rows, and the indices of these."""
        answers = self._ask(work.nearest_in, states, seen, count, real=real)
        squares = np.concatenate([part for part, _ in answers], axis=1)
        starts = zip(answers, self._starts[:-1], strict=True)
        indices = np.concatenate([part + start for (_, part), start in starts], axis=1)
        order = np.lexsort((indices, squares))[:, :count]
        return np.take_along_axis(squares, order, 1), np.take_along_axis(indices, order, 1)

    def _distances(self, questions: Reals, present: Mask | None, indices: Integers) -> Floats:
        """Return the mean squared distances (B,) of questions to stored rows over what is present."""
        counted = np.ones(questions.shape, dtype=bool) if present is None else present
        squares = (questions.astype(np.float64) - self._rows(indices)) ** 2 * counted
        means: Floats = squares.sum(axis=1) / np.maximum(counted.sum(axis=1), 1)
        return means

    def _rows(self, indices: Integers) -> Reals:
        """Return some of all rows."""
        owners = np.searchsorted(self._starts, indices, side="right") - 1
        requests = [indices[owners == shard] - self._starts[shard] for shard in range(len(self._shards))]
        futures = [
            self.client.submit(work.rows_at, *pair, pure=False) for pair in zip(self._shards, requests, strict=True)
        ]
        rows = np.empty((len(indices), self.interaction_.n_sites))
        for shard, answer in enumerate(self.client.gather(futures)):
            rows[owners == shard] = answer
        return rows

    def _judge(self) -> Familiarity:
        """Return what strangers are judged by, measured when it is first needed."""
        if self._familiarity is None:
            self._keys = np.concatenate(self._ask(work.keys_of))
            near = self._nearest_others(None)
            independent = self._signs and independent_signs(self._rows(familiarity.sample_rows(self._keys)))
            sizes = (int(self._starts[-1]), self.interaction_.n_sites)
            self._familiarity = Familiarity(*sizes, near, self._signs, independent)
        return self._familiarity

    def _nearest_others(self, masks: Mask | None) -> Floats:
        """Return the rising distances of stored rows to their nearest other one, seen through masks in turn."""
        sample = familiarity.sample_rows(self._keys)
        seen = None if masks is None else familiarity.visible(masks, len(sample))
        distances = self._ask(work.to_others, self._rows(sample), self._keys[sample], seen)
        return familiarity.ascending(np.min(distances, axis=0))

    def _ask(self, question: Callable[..., Any], *given: Any, **named: Any) -> list[Any]:
        """Return the answers of all shards, in order."""
        futures = [self.client.submit(question, shard, *given, **named, pure=False) for shard in self._shards]
        answers: list[Any] = self.client.gather(futures)
        return answers

    def _everywhere(self, task: Callable[..., Any], pieces: Sequence[work.Piece], *given: Any) -> list[Any]:
        """Return what a task makes of all pieces, in order."""
        answers: list[Any] = self.client.gather(
            [self.client.submit(task, piece, *given, pure=False) for piece in pieces]
        )
        return answers

    def _store_of(self, number: int) -> str | None:
        return None if self.folder is None else f"{self.folder}/shard-{number}.npy"
