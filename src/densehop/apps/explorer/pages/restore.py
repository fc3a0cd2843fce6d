"""A damaged digit, restored by memories of several interactions side by side."""

from typing import Any

import numpy as np
import panel as pn
import xarray as xr

from densehop.apps.explorer.compute import restoration as restoring
from densehop.apps.explorer.compute.restoration import MEMORIES, SIDE, Damage, Restoring
from densehop.apps.explorer.sessions.session import Eye, Visitor
from densehop.apps.explorer.widgets import downloads, pictures
from densehop.apps.explorer.widgets.downloads import flowing
from densehop.apps.explorer.widgets.pictures import Picture
from densehop.apps.explorer.workers.job_runner import Runner
from densehop.errors import DensehopError


class RestorePage:
    """The view "restore"."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor, self._state = visitor, visitor.state
        self._stored = restoring.stored_digits()
        self._runner = Runner(visitor.hall.seats, Eye(visitor, self._draw), self._ended)
        visitor.when_closed(self._runner.stop)
        self._original = Picture(SIDE, "stored")
        self._damaged = Picture(SIDE, "damaged", lambda site: visitor.now(lambda: self._touch(site)))
        self._restored = {name: Picture(SIDE, name) for name in MEMORIES}
        self._work: Restoring | None = None
        self._said = pn.pane.HTML("", css_classes=["restored"], width=700)
        self._script = downloads.Script("restore")
        self._state.param.watch(self._changed, ["digit", "hidden", "flipped", "overwritten", "touched", "seed"])
        self._changed()

    @property
    def panel(self) -> pn.Column:
        """Return the whole view."""
        state = self._state
        sliders = [
            pn.widgets.IntSlider.from_param(state.param.digit, width=220),
            *(
                pn.widgets.FloatSlider.from_param(state.param[name], width=220)
                for name in ("hidden", "flipped", "overwritten")
            ),
        ]
        run = pn.widgets.Button(name="Restore", button_type="primary", width=110, css_classes=["run-restore"])
        run.on_click(self._run)
        clean = pn.widgets.Button(name="Undo clicks", width=110)
        clean.on_click(lambda _: state.param.update(touched=""))
        files = downloads.Buttons(
            "restored",
            png=lambda: pictures.on_paper(self._all, SIDE, "png"),
            svg=lambda: pictures.on_paper(self._all, SIDE, "svg"),
            nc=lambda: downloads.netcdf(self._data()),
        )
        about = (
            "50 digits are stored. Hide or flip pixels with sliders or by clicks on the damaged digit, then restore."
        )
        return pn.Column(
            pn.pane.HTML(f"<p>{about}</p>"),
            flowing(*sliders),
            pn.Row(run, clean, self._said),
            flowing(*(pn.pane.Bokeh(picture.figure) for picture in self._all)),
            pn.Row(files.panel, self._script.button),
            self._script.panel,
        )

    @property
    def _all(self) -> list[Picture]:
        return [self._original, self._damaged, *self._restored.values()]

    def _damage(self) -> Damage:
        state = self._state
        sites = tuple(int(word) for word in state.touched.split(".") if word)
        return Damage(state.digit, state.hidden, state.flipped, state.overwritten, sites, state.seed)

    def _touch(self, site: int) -> None:
        """Flip a pixel by hand, or take that back."""
        sites = set(self._damage().touched) ^ {site}
        self._state.touched = ".".join(str(one) for one in sorted(sites))

    def _changed(self, *_: Any) -> None:
        """Show the damage; what ran is stopped."""
        self._runner.stop()
        self._work = None
        try:
            damage = self._damage()
        except DensehopError as error:
            self._visitor.complain(str(error))
            return
        damaged, original = damage.applied(self._stored), self._stored[damage.digit]
        known = ~np.isnan(damaged)
        self._original.show(original, f"a {self._state.digit % 10}")
        wrong = float((damaged != original)[known].mean()) if known.any() else 0.0
        for picture in (self._damaged, *self._restored.values()):
            picture.show(np.nan_to_num(damaged))
        self._damaged.show(np.nan_to_num(damaged), f"{wrong:.0%} wrong")
        self._said.object = ""
        self._script.text = restoring.script(damage)

    def _run(self, _: Any) -> None:
        self._visitor.complain("")
        self._work = Restoring(self._stored, self._damage())
        self._runner.start(self._work)

    def _ended(self, problem: str) -> None:
        self._visitor.later(self._draw)
        self._visitor.later(self._finish)
        if problem:
            self._visitor.later(lambda: self._visitor.complain(problem))

    def _draw(self) -> None:
        """Show where the memories are."""
        if self._work is not None:
            original = self._stored[self._state.digit]
            for name, picture in self._restored.items():
                state = self._work.states[name]
                picture.show(np.nan_to_num(state), f"{(state == original).mean():.0%}")

    def _finish(self) -> None:
        """Say who was right."""
        if self._work is None:
            return
        original = self._stored[self._state.digit]
        right = [name for name, state in self._work.states.items() if (state == original).all()]
        self._said.object = f"<b>restored</b> without an error by: {', '.join(right) or 'none'}"

    def _data(self) -> xr.Dataset:
        """Return what the pictures show."""
        values = np.array([picture.values.reshape(SIDE, SIDE) for picture in self._all])
        names = [picture.title for picture in self._all]
        return xr.Dataset(
            {"value": (("picture", "row", "column"), values)}, {"picture": names}, {"damage": str(self._damage())}
        )
