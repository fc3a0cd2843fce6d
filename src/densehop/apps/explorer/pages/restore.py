"""The page "restore": a damaged digit, or a row of one's own, restored by memories of several interactions."""

from typing import Any

import numpy as np
import panel as pn
import xarray as xr

from densehop.apps.explorer.compute.restoration import MEMORIES, Damage, Restoration, python_code
from densehop.apps.explorer.compute.stored import LIMITS, Stored, own_rows, the_digits
from densehop.apps.explorer.pages.location_card import LocationCard
from densehop.apps.explorer.sessions.session import Session
from densehop.apps.explorer.widgets import export
from densehop.apps.explorer.widgets.downloads import CodeBlock, DownloadButtons
from densehop.apps.explorer.widgets.drop_zone import DropZone
from densehop.apps.explorer.widgets.layout import card, control_column, wrapping_row
from densehop.apps.explorer.widgets.spin_image import Mosaic, SpinImage
from densehop.errors import DensehopError


class Reading:
    """The job of reading files that a visitor brings; `stored` holds them in the end."""

    pause = 0.0

    def __init__(self, files: list[tuple[str, bytes]]) -> None:
        self._files = files
        self.stored: Stored | None = None

    @property
    def finished(self) -> bool:
        """Whether they are read."""
        return self.stored is not None

    def advance(self) -> None:
        """Read them."""
        self.stored = own_rows(self._files)


class RestorePage:
    """The page "restore"."""

    def __init__(self, session: Session) -> None:
        self._session, self._state = session, session.state
        self._stored = the_digits()
        self._runner = session.job_runner(self._draw, self._finish)
        self._reader = session.job_runner(lambda: None, self._take)
        self._reading: Reading | None = None
        shape = self._stored.shape
        self._mosaic = Mosaic(lambda place: session.with_document(lambda: self._choose(place)))
        self._original = SpinImage(shape, "stored")
        self._damaged = SpinImage(shape, "damaged", lambda site: session.with_document(lambda: self._toggle(site)))
        self._restored = {name: SpinImage(shape, name) for name in MEMORIES}
        self._restoration: Restoration | None = None
        self._status = pn.pane.HTML("", css_classes=["restored"], sizing_mode="stretch_width")
        self._code = CodeBlock("restore")
        self._intro = pn.pane.HTML("")
        self._digit = pn.widgets.IntSlider.from_param(self._state.param.digit)
        self._forget = pn.widgets.Button(name="Back to the digits", css_classes=["forget"])
        self._forget.on_click(lambda _: self._show_stored(the_digits()))
        self._row = pn.widgets.IntSlider(name="row", start=0, end=1, css_classes=["own-row"])
        self._row.param.watch(self._update_damage, "value")
        self._location = LocationCard(session, self._stored)
        self._state.param.watch(self._update_damage, ["digit", "hidden", "flipped", "overwritten", "clicked", "seed"])
        self._show_stored(self._stored)

    @property
    def controls(self) -> pn.Column:
        """Return what is chosen and started."""
        state = self._state
        run = pn.widgets.Button(name="Restore", button_type="primary", css_classes=["run-restore"])
        run.on_click(self._run)
        undo = pn.widgets.Button(name="Undo clicks")
        undo.on_click(lambda _: state.param.update(clicked=""))
        return control_column(
            self._intro,
            self._digit,
            self._row,
            *(
                pn.widgets.FloatSlider.from_param(state.param[name], css_classes=[f"damage-{name}"])
                for name in ("hidden", "flipped", "overwritten")
            ),
            pn.Row(run, undo),
            pn.pane.HTML("<h2 style='font-size: 16px; margin: 8px 0 0'>Your own data</h2>"),
            DropZone(self._read, self._session.show_error),
            self._forget,
            pn.pane.HTML(
                f"<details><summary>What is taken</summary><p>{LIMITS} They become black and white at the middle of "
                "their range. They stay in the memory of this server until the page is closed or loaded again, and "
                "are never written to disk.</p></details>"
            ),
        )

    @property
    def panel(self) -> pn.Column:
        """Return the pictures and what is said about them."""
        files = DownloadButtons(
            "restored",
            png=lambda: export.image_row_file(self._images, "png"),
            svg=lambda: export.image_row_file(self._images, "svg"),
            nc=lambda: export.dataset_file(self._data()),
        )
        restored = card(
            "A damaged memory, and what each network makes of it",
            self._status,
            wrapping_row(*(pn.pane.Bokeh(image.figure) for image in self._images)),
            wrapping_row(files.panel, self._code.button),
            self._code.panel,
        )
        stored = card("What is stored: click one to damage it", wrapping_row(self._mosaic.pane), flexible=300)
        return pn.Column(restored, wrapping_row(stored, self._location.panel), sizing_mode="stretch_width")

    @property
    def _images(self) -> list[SpinImage]:
        return [self._original, self._damaged, *self._restored.values()]

    # --- what is stored -----------------------------------------------------------------------------------------------

    def _read(self, files: list[tuple[str, bytes]]) -> None:
        """Read files on a thread of their own; large pictures take a moment."""
        self._session.show_error("")
        self._status.object = f"reading {len(files)} file{'s' if len(files) > 1 else ''} ..."
        self._reading = Reading(files)
        self._reader.start(self._reading)

    def _take(self) -> None:
        """Store what was read; files that could not be read leave everything as it was."""
        self._status.object = ""
        if self._reading is not None and self._reading.stored is not None:
            self._show_stored(self._reading.stored)
        self._reading = None

    def _show_stored(self, stored: Stored) -> None:
        """Store other rows, and begin with the first of them, or with the digit of the address."""
        own = bool(stored.source)
        self._stored = stored
        self._mosaic.show(stored.rows, stored.shape)
        for image in self._images:
            image.reshape(stored.shape)
        self._row.param.update(start=0, end=len(stored.rows) - 1, value=0)
        for one, visible in ((self._row, own), (self._forget, own), (self._digit, not own)):
            one.visible = visible
        pixels = "values" if stored.shape[0] == 1 else "pixels"
        self._intro.object = (
            f"<p>{stored.name} are stored. Hide or flip {pixels} with sliders or by clicks on the damaged image, then "
            "restore.</p>"
        )
        self._location.forget(stored)
        self._state.clicked = self._state.clicked if not own else ""
        self._update_damage()

    @property
    def _place(self) -> int:
        """The number of the row that is damaged."""
        return int(self._row.value if self._stored.source else self._state.digit)

    def _choose(self, place: int) -> None:
        """Damage another row."""
        if self._stored.source:
            self._row.value = place
        else:
            self._state.digit = place

    def _damage(self) -> Damage:
        state = self._state
        sites = tuple(int(word) for word in state.clicked.split(".") if word)
        return Damage(self._place, state.hidden, state.flipped, state.overwritten, sites, state.seed)

    def _toggle(self, site: int) -> None:
        """Flip a pixel that was clicked, or flip it back."""
        sites = set(self._damage().clicked) ^ {site}
        self._state.clicked = ".".join(str(one) for one in sorted(sites))

    def _update_damage(self, *_: Any) -> None:
        """Show another damage; a restoration that runs is stopped."""
        self._runner.stop()
        self._restoration = None
        rows = self._stored.rows
        try:
            damage = self._damage()
            damaged, original = damage.apply_to(rows), rows[damage.digit]
        except DensehopError as error:
            self._session.show_error(str(error))
            return
        self._mosaic.mark(damage.digit)
        known = ~np.isnan(damaged)
        self._original.show(original, f"number {damage.digit}" if self._stored.source else f"a {damage.digit % 10}")
        wrong = float((damaged != original)[known].mean()) if known.any() else 0.0
        for image in (self._damaged, *self._restored.values()):
            image.show(np.nan_to_num(damaged))
        self._damaged.show(np.nan_to_num(damaged), f"{wrong:.0%} wrong")
        self._status.object = ""
        self._code.text = python_code(damage, self._stored)

    def _run(self, _: Any) -> None:
        self._session.show_error("")
        self._restoration = Restoration(self._stored.rows, self._damage())
        self._runner.start(self._restoration)

    def _draw(self) -> None:
        """Show the state of each memory."""
        if self._restoration is not None:
            original = self._stored.rows[self._place]
            for name, image in self._restored.items():
                state = self._restoration.states[name]
                image.show(np.nan_to_num(state), f"{(state == original).mean():.0%}")

    def _finish(self) -> None:
        """Say which memories restored the row."""
        self._draw()
        if self._restoration is None or not self._restoration.finished:
            return
        original = self._stored.rows[self._place]
        correct = [name for name, state in self._restoration.states.items() if (state == original).all()]
        self._status.object = f"<b>restored</b> without an error by: {', '.join(correct) or 'none'}"

    def _data(self) -> xr.Dataset:
        """Return the values that the images show."""
        values = np.array([image.values.reshape(image.shape) for image in self._images])
        names = [image.title for image in self._images]
        return xr.Dataset(
            {"value": (("picture", "row", "column"), values)}, {"picture": names}, {"damage": str(self._damage())}
        )
