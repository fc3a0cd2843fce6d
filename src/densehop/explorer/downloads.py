"""Buttons that hand out what a view shows: pictures, data, and the lines of Python that make it."""

import io
from collections.abc import Callable

import panel as pn
import xarray as xr

CONTENT_STYLE = """
table.branches { border-collapse: collapse; font-size: 13px; }
table.branches td, table.branches th { border-bottom: 1px solid #ddd; padding: 3px 7px; text-align: right; }
pre { background: #f6f6f6; padding: 8px; font-size: 12px; overflow-x: auto; }
"""


def flowing(*objects: object) -> pn.Row:
    """Return a row that goes on in the next line where the window is narrow."""
    return pn.Row(*objects, styles={"flex-wrap": "wrap"})


def buttons(name: str, **content: Callable[[], bytes]) -> pn.Row:
    """Return a row of download buttons, one for each suffix, whose content is made when it is asked for."""
    row = [
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
    return pn.Row(pn.pane.HTML("<small>download</small>", margin=(14, 4)), *row)


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
