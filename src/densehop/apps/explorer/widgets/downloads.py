"""Buttons that hand out what a view shows: pictures, data, and the lines of Python that make it."""

import io
from collections.abc import Callable

import panel as pn
import xarray as xr

CONTENT_STYLE = """
table.branches { border-collapse: collapse; font-size: 12px; }
table.branches td, table.branches th { border-bottom: 1px solid #ddd; padding: 3px 4px; text-align: right; }
pre { background: #f6f6f6; padding: 8px; font-size: 12px; overflow-x: auto; }
"""


def flowing(*objects: object) -> pn.Row:
    """Return a row that goes on in the next line where the window is narrow."""
    return pn.Row(*objects, styles={"flex-wrap": "wrap"})


class Buttons:
    """Download buttons, one for each suffix, whose content is made when it is asked for, in the server's own thread.

    What takes long is waited for beforehand: until `go` the buttons do nothing, and `wait` says why.
    """

    def __init__(self, name: str, **content: Callable[[], bytes]) -> None:
        self._buttons = [
            pn.widgets.FileDownload(
                callback=lambda make=make: io.BytesIO(make()),
                filename=f"{name}.{suffix}",
                label=suffix.upper(),
                embed=False,
                width=90,
                css_classes=[f"download-{name}-{suffix}"],
            )
            for suffix, make in content.items()
        ]
        self._said = pn.pane.HTML("", margin=(14, 4), css_classes=[f"download-{name}-said"])
        self.panel = pn.Row(pn.pane.HTML("<small>download</small>", margin=(14, 4)), *self._buttons, self._said)

    @property
    def ready(self) -> bool:
        """Whether there is something to hand out."""
        return not self._buttons[0].disabled

    def wait(self, reason: str) -> None:
        """Hand out nothing for now, and say why."""
        self._set(True, f"<small>{reason}</small>")

    def go(self) -> None:
        """Hand out what there is from now on."""
        self._set(False, "")

    def _set(self, disabled: bool, said: str) -> None:
        self._said.object = said
        for button in self._buttons:
            button.disabled = disabled


def netcdf(dataset: xr.Dataset) -> bytes:
    """Return a dataset as the content of a file."""
    return bytes(dataset.to_netcdf(engine="h5netcdf"))


class Script:
    """A button that shows and hides lines of Python."""

    def __init__(self, name: str) -> None:
        self._code = pn.pane.HTML(
            "", visible=False, css_classes=[f"script-{name}"], stylesheets=[CONTENT_STYLE], sizing_mode="stretch_width"
        )
        self._text = ""
        button = pn.widgets.Toggle(name="Python", width=90, css_classes=[f"python-{name}"])
        button.param.watch(lambda event: self._code.param.update(visible=event.new), "value")
        self.button, self.panel = button, self._code

    @property
    def text(self) -> str:
        """The lines."""
        return self._text

    @text.setter
    def text(self, lines: str) -> None:
        self._text = lines
        escaped = lines.replace("&", "&amp;").replace("<", "&lt;")
        self._code.object = f"<pre>{escaped}</pre>"
