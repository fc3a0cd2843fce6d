"""Proved against attacked: no attack is found where a proof holds, and the page says which is which."""

import io
import re
from concurrent.futures import Future
from contextlib import redirect_stdout

import numpy as np
import pytest

import densehop as dh
from densehop.apps.explorer.compute import certificates as module
from densehop.apps.explorer.compute.certificates import Asked, certificates, python_code, shares
from densehop.apps.explorer.pages.certificate_card import CertificateCard
from densehop.apps.explorer.sessions.session import Session
from densehop.apps.explorer.workers.worker_pool import WorkerPool


@pytest.fixture(scope="module")
def found():
    return certificates(Asked())


def test_what_is_proved_is_not_turned(found):
    right = found["decision"] == found["true"]
    proved = right & (found["radius"] > found["size"])
    assert not (proved & found["turned"]).any()
    assert proved.any("image").sum() > 10
    changes = found["attacked"] - found["digit"]
    lengths = np.sqrt((changes**2).sum("pixel"))
    assert (lengths <= found["size"] + 1e-6).all()
    turned = (found["attacked_decision"] != found["true"]) == found["turned"]
    assert turned.all()


def test_shares_are_those_of_the_public_functions(found, monkeypatch):
    at = shares(found).sel(size=0.4, method="nearest")
    model = dh.DenseAssociativeClassifier(interaction="exponential", kind="stored")
    digits = dh.learn.load("digits")
    order = np.random.default_rng(0).permutation(1797)
    images, classes = digits.images[order] / 16, digits.classes[order]
    model.fit(images[539:], classes[539:])
    test, truth = images[:100], classes[:100]
    proved = (model.predict(test) == truth) & (model.certified_radius(test) > 0.4)
    assert float(at["proved"]) == pytest.approx(proved.mean())
    monkeypatch.setattr(module, "certificates", lambda asked: found if asked == Asked() else None)
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(python_code(Asked(), 0.4), {})
    assert f"{proved.mean():.4g}" in printed.getvalue()


@pytest.mark.filterwarnings("ignore:.*will be removed in version 2.0:PendingDeprecationWarning")  # Panel's own
def test_the_card_says_what_is_known_at_each_size(found, monkeypatch):
    monkeypatch.setattr(Session, "schedule", lambda _, action: action())
    pool, waiting = WorkerPool(1), Future()
    pool.practice.submit = lambda *_: waiting
    session = Session(pool)
    card = CertificateCard(session)
    assert "proving" in card._says.object
    assert not card._files.enabled
    waiting.set_result(found)
    said = set()
    for radius in (0.0, 0.3, 0.55, 0.8, 1.2):
        session.state.radius = radius
        assert "This digit is" in card._says.object
        said.add(re.search(r"<b>(\d+)% proved", card._says.object)[1])
    assert len(said) >= 4
    assert "an attack of this size turns it" in card._says.object
    session.state.radius = 0.0
    assert "no attack of this size exists" in card._says.object
