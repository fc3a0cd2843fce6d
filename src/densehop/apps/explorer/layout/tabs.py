"""The tabs in the header, which follow the pattern of tabs for keyboards: arrows, Home, End, Enter and Space."""

from typing import ClassVar

import param
from panel.reactive import ReactiveHTML

TITLES = {
    "phase": "Phase diagram",
    "cut": "Cut",
    "live": "The network, live",
    "restore": "Restore, own data",
    "attack": "Attack",
}
STYLE = """
[role=tablist] { display: flex; flex-wrap: wrap; gap: 2px; }
[role=tab] { font: inherit; font-size: 15px; color: #dbe7f3; background: none; border: 0; border-radius: 6px 6px 0 0;
  padding: 8px 14px; cursor: pointer; }
@media (max-width: 480px) { [role=tab] { font-size: 14px; padding: 7px 8px; } }
[role=tab]:hover { background: #234a70; }
[role=tab][aria-selected=true] { background: #f5f6f8; color: #12304d; font-weight: 600; }
[role=tab]:focus-visible { outline: 3px solid #ffd166; outline-offset: -3px; }
"""


class Tabs(ReactiveHTML):  # type: ignore[misc]
    """A row of tabs; `view` is the name of the one that is shown."""

    view = param.String(default="phase")

    _template = (
        '<div id="tabs" role="tablist" aria-label="Views">'
        + "".join(
            f'<button type="button" role="tab" data-view="{name}">{title}</button>' for name, title in TITLES.items()
        )
        + "</div>"
    )
    _stylesheets: ClassVar = [STYLE]
    _scripts: ClassVar = {
        "render": """
        tabs.addEventListener("click", event => {
            if (event.target.dataset.view) data.view = event.target.dataset.view;
        });
        tabs.addEventListener("keydown", event => {
            const all = [...tabs.querySelectorAll("[role=tab]")], here = all.indexOf(event.target);
            const to = {ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: -1}[event.key];
            if (to === undefined) return;
            event.preventDefault();
            const next = all.at(to % all.length);
            next.focus();
            data.view = next.dataset.view;
        });
        self.view();
        """,
        "view": """
        for (const tab of tabs.querySelectorAll("[role=tab]")) {
            const chosen = tab.dataset.view === data.view;
            tab.setAttribute("aria-selected", chosen);
            tab.tabIndex = chosen ? 0 : -1;
        }
        """,
    }
