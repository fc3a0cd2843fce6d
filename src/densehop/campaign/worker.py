"""What a worker does with a cell: the task, and an outcome that can always be pickled."""

import os
import platform
import socket
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from densehop.base.version import __version__
from densehop.campaign.cell import Cell
from densehop.campaign.checkpoint import Checkpoint
from densehop.campaign.summary import Variables
from densehop.errors import DensehopError

Task = Callable[[Cell, Checkpoint], Variables]

FINISHED, FAILED, STOPPED, DIED = "finished", "failed", "stopped", "died"


@dataclass(frozen=True)
class Work:
    """A cell, what to do with it and where it saves itself."""

    cell: Cell
    task: Task
    checkpoint: Path
    checkpoint_every: float


@dataclass(frozen=True)
class Outcome:
    """How a cell ended: "finished" with variables, "failed" with an error, "stopped", or "died" with its worker.

    Facts are wall and processor seconds, host and versions; notes are warnings for the user.
    """

    cell: Cell
    kind: str
    variables: Variables = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    trace: str = ""
    notes: tuple[str, ...] = ()


def carry_out(work: Work) -> Outcome:
    """Run a cell; whatever it raises becomes an outcome, in plain strings that survive any transport."""
    checkpoint = Checkpoint(work.checkpoint, work.cell.identity, work.checkpoint_every)
    begun = time.time(), time.process_time()
    kind, variables, error, trace = FINISHED, Variables(), "", ""
    try:
        variables = work.task(work.cell, checkpoint)
    except KeyboardInterrupt:
        kind = STOPPED
    except DensehopError as problem:
        kind, error = FAILED, str(problem)
    except Exception as problem:  # nothing is lost: it is recorded and reported
        kind, error, trace = FAILED, f"{type(problem).__name__}: {problem}", traceback.format_exc()
    facts = {
        "started": datetime.fromtimestamp(begun[0], UTC).isoformat(timespec="seconds"),
        "wall_seconds": round(time.time() - begun[0], 3),
        "cpu_seconds": round(time.process_time() - begun[1], 3),
        **host_facts(),
    }
    return Outcome(work.cell, kind, variables, facts, " ".join(error.split()), trace, tuple(checkpoint.notes))


def host_facts() -> dict[str, Any]:
    """Return what the numbers were made on."""
    return {
        "host": socket.gethostname(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "densehop_version": __version__,
    }
