"""What undisturbed campaigns find."""

import pytest

from densehop.campaign.dataset import collect
from densehop.campaign.engines import ThisProcess
from densehop.campaign.runner import run
from tests.campaign_runs import long_plan


@pytest.fixture(scope="session")
def reference(tmp_path_factory):
    """Return undisturbed results of long plans by seed, each computed once in this process."""
    known = {}

    def of(seed):
        if seed not in known:
            path = tmp_path_factory.mktemp(f"undisturbed-{seed}")
            run(long_plan(seed), path, ThisProcess)
            known[seed] = collect(path)
        return known[seed]

    return of
