"""The page "live": a small network relaxes before one's eyes, beside its memories, its overlaps and its energy."""

from typing import Any

import numpy as np
import panel as pn
import xarray as xr

from densehop.apps.explorer.compute.live import FRAMES, MOST_SWEEPS, LiveNetwork, LiveRun, python_code
from densehop.apps.explorer.sessions.session import Session
from densehop.apps.explorer.widgets import export
from densehop.apps.explorer.widgets.canvas import Canvas
from densehop.apps.explorer.widgets.chart import Chart, Line, padded_range
from densehop.apps.explorer.widgets.downloads import CodeBlock, DownloadButtons
from densehop.apps.explorer.widgets.layout import card, control_column, shown, wrapping_row
from densehop.apps.explorer.widgets.spin_image import Mosaic, SpinImage
from densehop.errors import DensehopError
from densehop.plot.style import BLUE, GREEN, ORANGE

SHOWN_FRAMES = 400  # in the chart of overlaps


class LivePage:
    """The page "live"."""

    def __init__(self, session: Session) -> None:
        self._session, self._state = session, session.state
        self._runner = session.job_runner(self._draw, self._finish)
        self._turn, self._start = 0, 0
        self._run = LiveRun(LiveNetwork(), 0, 0.0)
        self._between = self._run.network.energy_between(0, 1)
        side = self._run.network.side
        self._image = SpinImage((side, side), "the state", width=300)
        self._mosaic = Mosaic(lambda place: session.with_document(lambda: self._begin_at(place)), 480)
        self._says = pn.pane.HTML("", css_classes=["live"], sizing_mode="stretch_width")
        self._charts = [Canvas(chart, 360, 260) for chart in self._made_charts()]
        self._code = CodeBlock("live")
        self._pause = pn.widgets.Button(name="Pause", css_classes=["pause-live"])
        self._pause.on_click(self._pause_or_go_on)
        session.state.param.watch(self._renew, ["live_stored", "live_p", "live_m", "seed"])
        session.state.param.watch(self._heat, "live_t")
        self._renew()

    @property
    def controls(self) -> pn.Column:
        """Return what is chosen and started."""
        state = self._state
        run = pn.widgets.Button(name="Run", button_type="primary", css_classes=["run-live"])
        run.on_click(lambda _: self._begin(self._start))
        random = pn.widgets.Button(name="Run from a random state", css_classes=["random-live"])
        random.on_click(lambda _: self._begin(None))
        return control_column(
            pn.pane.HTML(
                "<p>A damaged memory relaxes, sweep by sweep. <b>Click a memory</b> to damage that one. Move the "
                "temperature while it runs.</p>"
            ),
            pn.widgets.Select.from_param(state.param.live_stored),
            pn.widgets.IntSlider.from_param(state.param.live_p, css_classes=["live-p"]),
            pn.widgets.IntSlider.from_param(state.param.live_m, css_classes=["live-m"]),
            pn.widgets.FloatSlider.from_param(state.param.live_t, css_classes=["live-t"]),
            pn.Row(run, self._pause),
            random,
        )

    @property
    def panel(self) -> pn.Column:
        """Return the state beside its memories, and the charts."""
        files = DownloadButtons(
            "live",
            png=lambda: export.image_row_file([self._image], "png"),
            svg=lambda: export.image_row_file([self._image], "svg"),
            nc=lambda: export.dataset_file(self._data()),
        )
        beside = pn.Column(
            wrapping_row(self._mosaic.pane),
            shown(self._charts[0]),
            sizing_mode="stretch_width",
            styles={"flex": "1 1 300px", "min-width": "0"},
        )
        return card(
            "The network at work",
            self._says,
            wrapping_row(pn.pane.Bokeh(self._image.figure), beside),
            wrapping_row(*(shown(chart) for chart in self._charts[1:])),
            wrapping_row(files.panel, self._code.button),
            self._code.panel,
        )

    def _network(self) -> LiveNetwork:
        state = self._state
        return LiveNetwork(state.live_stored, state.live_p, state.live_m, state.seed)

    def _renew(self, *_: Any) -> None:
        """Store other memories; a run is stopped."""
        self._runner.stop()
        try:
            network = self._network()
        except DensehopError as error:
            self._session.show_error(str(error))
            return
        self._start, self._between = 0, network.energy_between(0, 1)
        self._image.reshape((network.side, network.side))
        self._run = LiveRun(network, self._start, self._state.live_t, self._turn)
        self._mosaic.show(self._run.memories, (network.side, network.side))
        self._draw()

    def _heat(self, *_: Any) -> None:
        """Go on at another temperature."""
        self._run.temperature = float(self._state.live_t)
        self._draw()

    def _begin_at(self, place: int) -> None:
        """Damage another memory, and show the energy from it to the next one."""
        self._start = place
        self._between = self._run.network.energy_between(place, (place + 1) % len(self._run.memories))
        self._begin(place)

    def _begin(self, start: int | None) -> None:
        """Run from a damaged memory, or from a random state (None)."""
        self._session.show_error("")
        self._turn += 1
        self._run = LiveRun(self._run.network, start, self._state.live_t, self._turn)
        self._pause.name = "Pause"
        self._runner.start(self._run)

    def _pause_or_go_on(self, _: Any) -> None:
        """Pause a run, or let it go on."""
        if self._runner.running:
            pausing = self._pause.name == "Pause"
            (self._runner.pause if pausing else self._runner.resume)()
            self._pause.name = "Go on" if pausing else "Pause"
            self._code.text = python_code(self._run)

    def _finish(self) -> None:
        """Draw the end."""
        self._draw()
        self._code.text = python_code(self._run)

    def _draw(self) -> None:
        """Show the state as it is now."""
        run = self._run
        overlap = run.overlaps[-1][run.nearest]
        self._image.show(run.state, f"overlap {overlap:.2f} with memory {run.nearest}")
        self._mosaic.mark(run.nearest)
        for canvas, chart in zip(self._charts, self._made_charts(), strict=True):
            canvas.show(chart)
        network = run.network
        ended = "; that is the end, run again" if run.n_sweeps >= MOST_SWEEPS else ""
        self._says.object = (
            f"<p><b>{run.n_sweeps} sweeps</b>, overlap {overlap:.2f} with memory {run.nearest}, energy per spin "
            f"{run.energies[-1]:.3f}{ended}. {len(run.memories)} memories of {network.side**2} spins, p = {network.p}: "
            f"load α = {network.load:.3g}. So many random ones, in an infinite network at this temperature, would be "
            f"in the phase of <b>{network.phase(self._state.live_t)}</b>.</p>"
        )

    def _made_charts(self) -> tuple[Chart, Chart, Chart]:
        """Return overlaps against time, their histogram, and the energy between two memories."""
        run = self._run
        overlaps = np.array(run.overlaps[-SHOWN_FRAMES:])
        sweeps = np.arange(len(run.overlaps), dtype=np.float64)[-SHOWN_FRAMES:] / FRAMES
        others = np.abs(np.delete(overlaps, self._start, axis=1)).max(axis=1)
        energies = self._between[1]
        now = np.full(2, run.energies[-1])
        return (
            Chart(
                "sweeps",
                "overlap",
                (
                    Line("chosen memory", sweeps, overlaps[:, self._start], BLUE),
                    Line("largest other", sweeps, others, ORANGE),
                ),
                x_range=(float(sweeps[0]), float(max(10, sweeps[-1]))),
                y_range=(-1.05, 1.05),
            ),
            Chart(
                "overlap with a memory",
                "number of memories",
                (Line("", *run.histogram(), BLUE),),
                x_range=(-1.0, 1.0),
                y_range=(0.0, float(max(1.0, run.histogram()[1].max())) * 1.08),
            ),
            Chart(
                "from the chosen memory to the next one",
                "energy per spin",
                (
                    Line("on the way", *self._between, GREEN),
                    Line("the state now", np.array([0.0, 1.0]), now, BLUE, "dashed", 1.2),
                ),
                x_range=(0.0, 1.0),
                y_range=padded_range(energies, now, np.zeros(1)),
            ),
        )

    def _data(self) -> xr.Dataset:
        """Return what was seen as a dataset."""
        run = self._run
        return xr.Dataset(
            {
                "overlap": (("time", "memory"), np.array(run.overlaps)),
                "energy": ("time", np.array(run.energies)),
                "temperature": ("sweep", np.array(run.temperatures)),
                "state": ("site", run.state),
            },
            attrs={"network": str(run.network)},
        )
