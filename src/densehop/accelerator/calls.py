"""Calls of the device: one by one, or those that several threads make at the same time joined into one.

A call is a function of what chains share, what is their own and what all calls have in common. Joined calls have an
axis for the threads in front (`jax.vmap`); every number is an integer, so the bits are those of single calls.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from densehop.accelerator.backend import wide_numbers

Function = Callable[..., Any]
Key = tuple[Any, ...]


@lru_cache(maxsize=256)
def _compiled(function: Function, fixed: Key, n_common: int, together: bool) -> Function:
    """Return function(shared, own, *common) for fixed keywords, compiled on first use for each set of shapes."""
    bound: Function = partial(function, **dict(fixed))
    if together:
        bound = jax.vmap(bound, in_axes=(0, 0, *[None] * n_common))
    return jax.jit(bound)  # type: ignore[no-any-return, unused-ignore] # JAX is an extra


@dataclass(eq=False)
class _Call:
    """A call that waits for others."""

    function: Function
    fixed: Key
    shared: Any
    own: Any
    common: tuple[Any, ...]
    result: Any = None
    error: BaseException | None = None
    done: bool = False

    @property
    def key(self) -> Key:
        """Calls with equal keys can be joined."""
        leaves, structure = jax.tree.flatten((self.shared, self.own))
        shapes = tuple((leaf.shape, str(leaf.dtype)) for leaf in leaves)
        return self.function, self.fixed, structure, shapes, tuple(int(value) for value in self.common)


@dataclass(eq=False)
class JoinedCalls:
    """Threads that wait for each other: when all have called, calls of equal shapes are made as one.

    Numbers of calls are rounded up to powers of two, so that few programs are compiled while threads come and go.
    """

    _changed: threading.Condition = field(default_factory=threading.Condition)
    _waiting: list[_Call] = field(default_factory=list)
    _stacks: dict[Key, tuple[list[Any], Any]] = field(default_factory=dict)
    _n_members: int = 0
    _stopped: bool = False

    def expect(self) -> None:
        """Wait for one more thread, which will be a member."""
        with self._changed:
            self._n_members += 1

    @contextmanager
    def member(self) -> Iterator[None]:
        """Make the calls of this thread, which was expected, within the block with those of the other members."""
        token = _JOINED.set(self)
        try:
            yield
        finally:
            _JOINED.reset(token)
            with self._changed:
                self._n_members -= 1
                self._make_if_complete()

    def stop(self) -> None:
        """Raise KeyboardInterrupt in all members, where they call next or wait."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def make(self, call: _Call) -> Any:
        """Make a call together with those of the other members."""
        with self._changed:
            self._waiting.append(call)
            self._make_if_complete()
            self._changed.wait_for(lambda: call.done or self._stopped)
            if not call.done:
                raise KeyboardInterrupt
        if call.error is not None:
            raise call.error
        return call.result

    def _make_if_complete(self) -> None:
        if not self._waiting or len(self._waiting) < self._n_members or self._stopped:
            return
        calls, self._waiting = self._waiting, []
        groups: dict[Key, list[_Call]] = {}
        for call in calls:
            groups.setdefault(call.key, []).append(call)
        for group in groups.values():
            try:
                self._make_together(group)
            except BaseException as error:  # for the threads that called
                for call in group:
                    call.error = error
            for call in group:
                call.done = True
        self._changed.notify_all()

    def _make_together(self, group: list[_Call]) -> None:
        """Make calls of equal shapes as one; places that are left over repeat the first."""
        first = group[0]
        if len(group) == 1:
            first.result = _alone(first)
            return
        stacked, places = self._stacked([call.shared for call in group])
        by_place = dict(zip(places, group, strict=True))
        size = jax.tree.leaves(stacked)[0].shape[0]
        rows = [by_place.get(place, first).own for place in range(size)]
        function = _compiled(first.function, first.fixed, len(first.common), True)
        with wide_numbers():
            own = jax.tree.map(lambda *parts: jnp.stack(parts), *rows)
            results = function(stacked, own, *first.common)
            for place, call in by_place.items():
                call.result = jax.tree.map(partial(_row, place), results)

    def _stacked(self, shared: list[Any]) -> tuple[Any, list[int]]:
        """Return what calls share, in one array each, and the place of each call; the last stack is used again."""
        size = 1 << (len(shared) - 1).bit_length()
        shapes = tuple((leaf.shape, str(leaf.dtype)) for leaf in jax.tree.leaves(shared[0]))
        held, stacked = self._stacks.get((size, shapes), ([], None))
        if not all(any(one is other for other in held) for one in shared):
            held = shared
            with wide_numbers():
                rows = [*shared, *shared[:1] * (size - len(shared))]
                stacked = jax.tree.map(lambda *parts: jnp.stack(parts), *rows)
            self._stacks = {(size, shapes): (held, stacked)}
        return stacked, [next(place for place, other in enumerate(held) if other is one) for one in shared]


_JOINED: ContextVar[JoinedCalls | None] = ContextVar("joined", default=None)


def _row(place: int, part: Any) -> Any:
    return part[place]


def _alone(call: _Call) -> Any:
    with wide_numbers():
        return _compiled(call.function, call.fixed, len(call.common), False)(call.shared, call.own, *call.common)


def call(function: Function, shared: Any, own: Any, *common: Any, **fixed: Any) -> Any:
    """Return function(shared, own, *common, **fixed), compiled; `common` are integers, `fixed` choose the program.

    Within `JoinedCalls.member` the call is made together with those of other threads that have equal common and fixed
    parts.
    """
    made = _Call(function, tuple(sorted(fixed.items())), shared, own, tuple(np.asarray(value) for value in common))
    joined = _JOINED.get()
    return _alone(made) if joined is None else joined.make(made)
