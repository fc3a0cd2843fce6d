"""The page "restore": a damaged digit, restored by memories of several interactions side by side."""

from typing import Any

import numpy as np
import panel as pn
import xarray as xr

from densehop.apps.explorer.compute.restoration import (
    MEMORIES,
    SIDE,
    Damage,
    Restoration,
    python_code,
    stored_digits,
)
from densehop.apps.explorer.sessions.session import Session
from densehop.apps.explorer.widgets import export
from densehop.apps.explorer.widgets.downloads import CodeBlock, DownloadButtons
from densehop.apps.explorer.widgets.layout import card, control_column, wrapping_row
from densehop.apps.explorer.widgets.spin_image import SpinImage
from densehop.errors import DensehopError


class RestorePage:
    """The page "restore"."""

    def __init__(self, session: Session) -> None:
        self._session, self._state = session, session.state
        self._stored = stored_digits()
        self._runner = session.job_runner(self._draw, self._finish)
        self._original = SpinImage(SIDE, "stored")
        self._damaged = SpinImage(SIDE, "damaged", lambda site: session.with_document(lambda: self._toggle(site)))
        self._restored = {name: SpinImage(SIDE, name) for name in MEMORIES}
        self._restoration: Restoration | None = None
        self._status = pn.pane.HTML("", css_classes=["restored"], sizing_mode="stretch_width")
        self._code = CodeBlock("restore")
        self._state.param.watch(self._update_damage, ["digit", "hidden", "flipped", "overwritten", "clicked", "seed"])
        self._update_damage()

    @property
    def controls(self) -> pn.Column:
        """Return what is chosen and started."""
        state = self._state
        names = ("hidden", "flipped", "overwritten")
        run = pn.widgets.Button(name="Restore", button_type="primary", css_classes=["run-restore"])
        run.on_click(self._run)
        undo = pn.widgets.Button(name="Undo clicks")
        undo.on_click(lambda _: state.param.update(clicked=""))
        return control_column(
            pn.pane.HTML(
                "<p>50 digits are stored. Hide or flip pixels with sliders or by clicks on the damaged digit, then "
                "restore.</p>"
            ),
            pn.widgets.IntSlider.from_param(state.param.digit),
            *(pn.widgets.FloatSlider.from_param(state.param[name]) for name in names),
            pn.Row(run, undo),
        )

    @property
    def panel(self) -> pn.Column:
        """Return the pictures and what is said about them."""
        files = DownloadButtons(
            "restored",
            png=lambda: export.image_row_file(self._images, SIDE, "png"),
            svg=lambda: export.image_row_file(self._images, SIDE, "svg"),
            nc=lambda: export.dataset_file(self._data()),
        )
        return card(
            "A damaged digit, and what each memory makes of it",
            self._status,
            wrapping_row(*(pn.pane.Bokeh(image.figure) for image in self._images)),
            wrapping_row(files.panel, self._code.button),
            self._code.panel,
        )

    @property
    def _images(self) -> list[SpinImage]:
        return [self._original, self._damaged, *self._restored.values()]

    def _damage(self) -> Damage:
        state = self._state
        sites = tuple(int(word) for word in state.clicked.split(".") if word)
        return Damage(state.digit, state.hidden, state.flipped, state.overwritten, sites, state.seed)

    def _toggle(self, site: int) -> None:
        """Flip a pixel that was clicked, or flip it back."""
        sites = set(self._damage().clicked) ^ {site}
        self._state.clicked = ".".join(str(one) for one in sorted(sites))

    def _update_damage(self, *_: Any) -> None:
        """Show another damage; a restoration that runs is stopped."""
        self._runner.stop()
        self._restoration = None
        try:
            damage = self._damage()
        except DensehopError as error:
            self._session.show_error(str(error))
            return
        damaged, original = damage.apply_to(self._stored), self._stored[damage.digit]
        known = ~np.isnan(damaged)
        self._original.show(original, f"a {self._state.digit % 10}")
        wrong = float((damaged != original)[known].mean()) if known.any() else 0.0
        for image in (self._damaged, *self._restored.values()):
            image.show(np.nan_to_num(damaged))
        self._damaged.show(np.nan_to_num(damaged), f"{wrong:.0%} wrong")
        self._status.object = ""
        self._code.text = python_code(damage)

    def _run(self, _: Any) -> None:
        self._session.show_error("")
        self._restoration = Restoration(self._stored, self._damage())
        self._runner.start(self._restoration)

    def _draw(self) -> None:
        """Show the state of each memory."""
        if self._restoration is not None:
            original = self._stored[self._state.digit]
            for name, image in self._restored.items():
                state = self._restoration.states[name]
                image.show(np.nan_to_num(state), f"{(state == original).mean():.0%}")

    def _finish(self) -> None:
        """Say which memories restored the digit."""
        self._draw()
        if self._restoration is None or not self._restoration.finished:
            return
        original = self._stored[self._state.digit]
        correct = [name for name, state in self._restoration.states.items() if (state == original).all()]
        self._status.object = f"<b>restored</b> without an error by: {', '.join(correct) or 'none'}"

    def _data(self) -> xr.Dataset:
        """Return the values that the images show."""
        values = np.array([image.values.reshape(SIDE, SIDE) for image in self._images])
        names = [image.title for image in self._images]
        return xr.Dataset(
            {"value": (("picture", "row", "column"), values)}, {"picture": names}, {"damage": str(self._damage())}
        )
