"""Links that cannot be shown: the page opens, with one line that says why; this needs a server, but no browser."""

import contextlib
import html
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from bokeh.client import pull_session
from bokeh.util.token import get_session_id
from panel.models.markup import HTML

import densehop.apps.explorer.server  # noqa: F401 (the client must know the kinds of models on the page)


def texts_of(server, link):
    """Return what the page behind a link says, without a browser."""
    with urlopen(f"{server}/?{urlencode(link)}") as answer:
        token = re.search(r'"token":"([^"]+)"', answer.read().decode()).group(1)
    with contextlib.closing(pull_session(session_id=get_session_id(token), url=server)) as session:
        return [html.unescape(model.text) for model in session.document.select({"type": HTML})]


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ({"x": "nan", "t": "inf", "view": "none", "clicked": "a.b"}, "x=nan, t=inf, view=none, clicked=a.b"),
        ({"p": "99", "n": "99999999", "sweeps": "10000000"}, "p=99, n=99999999, sweeps=10000000"),
        ({"model": "finite_noise", "p": "3", "t": "warm"}, "the link holds what cannot be shown: t=warm, p=3"),
        ({"model": "fixed_teacher", "teacher_t": "1.2", "view": "cut"}, "teacher_t=1.2"),
        ({"model": "nishimori", "p": "3", "x": "0", "t": "0", "view": "cut"}, "temperature must be positive"),
    ],
)
def test_bad_links_open_a_page_with_one_clear_line(server, link, said):
    with ThreadPoolExecutor(1) as elsewhere:  # Playwright runs its loop in this thread
        texts = elsewhere.submit(texts_of, server, link).result()
    assert sum(said in text for text in texts) >= 1
    assert any("through the point of the phase diagram" in text or "Click into the plane" in text for text in texts)
