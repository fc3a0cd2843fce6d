"""The card of certificates: slide the radius, and see what is proved against what attacks find."""

from concurrent.futures import Future
from typing import Any

import numpy as np
import panel as pn
import xarray as xr

from densehop.apps.explorer.compute.certificates import LARGEST, N_TESTED, Asked, certificates, python_code, shares
from densehop.apps.explorer.compute.stored import SIDE
from densehop.apps.explorer.sessions.session import Session
from densehop.apps.explorer.widgets import export
from densehop.apps.explorer.widgets.canvas import Canvas
from densehop.apps.explorer.widgets.chart import Chart, Line
from densehop.apps.explorer.widgets.downloads import CodeBlock, DownloadButtons
from densehop.apps.explorer.widgets.layout import card, shown, wrapping_row
from densehop.apps.explorer.widgets.spin_image import SpinImage
from densehop.plot.style import BLUE, GREY, ORANGE


class CertificateCard:
    """Proofs and attacks of a classifier of digits, which a worker computes once for all visitors."""

    def __init__(self, session: Session) -> None:
        self._session, self._state = session, session.state
        self._found: xr.Dataset | None = None
        self._shares = xr.Dataset()
        self._says = pn.pane.HTML("", css_classes=["proved"], sizing_mode="stretch_width")
        self._digit = SpinImage((SIDE, SIDE), "test digit", width=190)
        self._attacked = SpinImage((SIDE, SIDE), "attacked", width=190)
        self._canvas = Canvas(self._chart(), 430, 300)
        self._code = CodeBlock("certificate")
        self._files = DownloadButtons(
            "certificates",
            png=lambda: export.chart_file(self._canvas.chart, "png"),
            svg=lambda: export.chart_file(self._canvas.chart, "svg"),
            nc=lambda: export.dataset_file(xr.Dataset() if self._found is None else self._found),
        )
        self._state.param.watch(self._ask, "classifier")
        self._state.param.watch(self._draw, ["radius", "test_digit"])
        self._ask()

    @property
    def panel(self) -> pn.Column:
        """Return controls, sentences and pictures."""
        state = self._state
        controls = wrapping_row(
            pn.widgets.Select.from_param(state.param.classifier, width=220),
            pn.widgets.FloatSlider.from_param(state.param.radius, width=220, css_classes=["radius"]),
            pn.widgets.IntSlider.from_param(state.param.test_digit, width=220),
        )
        images = self._digit, self._attacked
        return card(
            "Proved against attacked",
            pn.pane.HTML(
                "<p>A classifier of digits with exponential memories. A certificate proves that <i>no</i> change of "
                "its input up to a length (root of the summed squares, each pixel from 0 to 1) changes its decision. "
                "An attack shows one that does. Between the two nobody knows.</p>",
                sizing_mode="stretch_width",
            ),
            controls,
            self._says,
            wrapping_row(*(pn.Row(pn.pane.Bokeh(image.figure), margin=0) for image in images), shown(self._canvas)),
            wrapping_row(self._files.panel, self._code.button),
            self._code.panel,
        )

    def _ask(self, *_: Any) -> None:
        """Have the classifier of the controls tested."""
        tested = Asked(self._state.classifier)
        self._found = None
        self._says.object = "<p>training, proving and attacking ...</p>"
        self._files.disable("... when it is proved and attacked")
        self._session.pool.practice.submit(certificates, tested).add_done_callback(
            lambda done: self._session.schedule(lambda: self._take(done, tested))
        )

    def _take(self, result: "Future[xr.Dataset]", tested: Asked) -> None:
        """Show what was found, if the page still asks for it."""
        if tested.kind != self._state.classifier:
            return
        if result.exception() is not None:
            self._says.object = f"<p>this classifier cannot be tested: {result.exception()}</p>"
            return
        self._found = result.result()
        self._shares = shares(self._found)
        self._files.enable()
        self._draw()

    def _draw(self, *_: Any) -> None:
        """Show shares and digit at the radius of the slider."""
        self._canvas.show(self._chart())
        found, state = self._found, self._state
        if found is None:
            return
        at = self._shares.sel(size=state.radius, method="nearest")
        proved, stands = float(at["proved"]), float(at["stands"])
        one = found.isel(image=state.test_digit).sel(size=state.radius, method="nearest")
        self._digit.show(2 * one["digit"].values - 1, f"a {int(one['true'])}, decided {int(one['decision'])}")
        turned = bool(one["turned"])
        self._attacked.show(
            2 * one["attacked"].values - 1, f"decided {int(one['attacked_decision'])}" if turned else "none found"
        )
        self._says.object = (
            f"<p>At size {state.radius:.2f}: <b>{proved:.0%} proved</b> right, <b>{1 - stands:.0%} turned</b> by an "
            f"attack, {stands - proved:.0%} in between, of {N_TESTED} test digits. {_about(one, turned)}</p>"
        )
        self._code.text = python_code(Asked(state.classifier), state.radius)

    def _chart(self) -> Chart:
        """Return the shares against the size."""
        empty = np.empty(0)
        known = {name: self._shares[name].values if name in self._shares else empty for name in ("proved", "stands")}
        size = self._shares["size"].values if "size" in self._shares else empty
        here = np.full(2, self._state.radius)
        return Chart(
            "size of the change (L2)",
            "share of test digits",
            (
                Line("no attack found", size, known["stands"], ORANGE),
                Line("proved right", size, known["proved"], BLUE),
                Line("", here, np.array([0.0, 1.0]), GREY, "dashed", 1.2),
            ),
            x_range=(0.0, LARGEST),
            y_range=(0.0, 1.02),
        )


def _about(one: xr.Dataset, turned: bool) -> str:
    """Say what is known of one digit at one size."""
    radius = float(one["radius"])
    if int(one["decision"]) != int(one["true"]):
        return "This digit is decided wrongly without any attack."
    if turned:
        return f"This digit is safe up to {radius:.2f}, provably; an attack of this size turns it."
    if radius > float(one["size"]):
        return f"This digit is safe up to {radius:.2f}, provably: no attack of this size exists."
    return f"This digit is safe up to {radius:.2f}, provably; of this size no attack was found, and none is excluded."
