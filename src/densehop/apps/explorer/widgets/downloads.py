"""Download buttons for what a page shows, and the Python code that computes it."""

import io
from collections.abc import Callable

import panel as pn

from densehop.apps.explorer.widgets.layout import wrapping_row

CONTENT_STYLE = """
table.branches { border-collapse: collapse; font-size: 12px; }
table.branches td, table.branches th { border-bottom: 1px solid #8886; padding: 3px 4px; text-align: right; }
@media (max-width: 1100px) { table.branches { font-size: 11px; letter-spacing: -0.2px; }
  table.branches td, table.branches th { padding: 3px 2px; } }
table.branches td:first-child { white-space: nowrap; }
pre { background: #8882; padding: 8px; font-size: 12px; overflow-x: auto;  }
h2.hero { font: 600 26px Georgia, serif; margin: 4px 0 0; }
h3 { font-size: 14px; font-weight: 400; margin: 2px 0 8px; }
p.sentence { font-size: 16px; margin: 0 0 8px; }
dl.order { display: flex; gap: 28px; margin: 0 0 10px; }
dl.order dt { font-size: 13px; } dl.order dd { margin: 0; font: 600 24px Georgia, serif; }
abbr { cursor: help; } .wide { overflow-x: auto; }
dl.key dt { float: left; clear: left; width: 5.4em; font-weight: 600; }
dl.key dd { margin: 0 0 3px 5.6em; }
dl.colours { margin: 4px 0; font-size: 14px; }
dl.colours dt { float: left; clear: left; }
dl.colours dt span { display: inline-block; width: 2.4em; text-align: center; color: #000; border: 1px solid #8886; }
dl.colours dd { margin: 0 0 6px 3.4em; }
"""


LABELS = {"nc": "Data"}  # of buttons; NetCDF files are for programs


class DownloadButtons:
    """A download button for each suffix; the content of a file is made when somebody asks for it.

    That happens in the server's own thread. So a page disables the buttons until what takes long has been computed.
    """

    def __init__(self, name: str, **content: Callable[[], bytes]) -> None:
        self._buttons = [
            pn.widgets.FileDownload(
                callback=lambda make=make: io.BytesIO(make()),
                filename=f"{name}.{suffix}",
                label=LABELS.get(suffix, suffix.upper()),
                button_type="light",
                embed=False,
                width=70,
                css_classes=[f"download-{name}-{suffix}"],
            )
            for suffix, make in content.items()
        ]
        self._remark = pn.pane.HTML("", margin=(14, 4), css_classes=[f"download-{name}-said"])
        self.panel = wrapping_row(*self._buttons, self._remark, sizing_mode=None)

    @property
    def enabled(self) -> bool:
        """Whether the files can be downloaded."""
        return not self._buttons[0].disabled

    def disable(self, reason: str) -> None:
        """Offer nothing for now, and show why."""
        self._set(True, f"<small>{reason}</small>")

    def enable(self) -> None:
        """Offer the files from now on."""
        self._set(False, "")

    def _set(self, disabled: bool, remark: str) -> None:
        self._remark.object = remark
        for button in self._buttons:
            button.disabled = disabled


class CodeBlock:
    """Python code, and a button that shows and hides it."""

    def __init__(self, name: str) -> None:
        self._text = ""
        self.panel = pn.pane.HTML(
            "", visible=False, css_classes=[f"script-{name}"], stylesheets=[CONTENT_STYLE], sizing_mode="stretch_width"
        )
        self.button = pn.widgets.Toggle(name="Python", width=70, css_classes=[f"python-{name}"])
        self.button.param.watch(lambda event: self.panel.param.update(visible=event.new), "value")

    @property
    def text(self) -> str:
        """The code."""
        return self._text

    @text.setter
    def text(self, code: str) -> None:
        self._text = code
        escaped = code.replace("&", "&amp;").replace("<", "&lt;")
        self.panel.object = f"<pre>{escaped}</pre>"
