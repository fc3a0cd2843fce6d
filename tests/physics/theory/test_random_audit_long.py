"""Random points over p = 2 to 12 against independent iteration and their neighbours: `make check-long`."""

import os

import pytest

from tests.random_audit import audit

N_POINTS = int(os.environ.get("DENSEHOP_AUDIT_POINTS", "10000"))
SEED = int(os.environ.get("DENSEHOP_AUDIT_SEED", "0"))


@pytest.mark.long
def test_random_points_against_independent_iteration():
    counts, worst, bad = audit(N_POINTS, SEED)
    for (ansatz, verdict), count in sorted(counts.items()):
        print(f"{ansatz:>4}  {verdict:30}  {count:>6}  worst {worst[ansatz, verdict]:.1e}")
    for each in bad:
        print(each)
    assert not bad
    found = counts["rs", "same state"] + counts["rs", "none, as iterated"]
    assert found > 0.8 * sum(count for (ansatz, verdict), count in counts.items() if ansatz == "rs") / 2


def test_a_wrong_state_is_found_out(monkeypatch):
    """An overlap that is off by 1e-4 is found in replica symmetry, and so is a state that is denied."""
    from tests import random_audit  # noqa: PLC0415 (what is patched)

    point = random_audit.Point(3, 0.5, 0.5, 0.0, 1.0)
    assert random_audit.audit_symmetric(point)[0] == "same state"
    right = random_audit.overlap_of
    monkeypatch.setattr(random_audit, "overlap_of", lambda solution: right(solution) - 1e-4)
    assert random_audit.audit_symmetric(point)[0] == "WRONG"
    monkeypatch.setattr(random_audit, "overlap_of", lambda _solution: 0.0)
    assert random_audit.audit_symmetric(point)[0] == "MISSED"
