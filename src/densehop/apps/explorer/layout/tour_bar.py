"""The bar of guided tours: it sets the real controls to a tour's next state and says what is to be seen there."""

from typing import Any

import panel as pn

from densehop.apps.explorer.compute.tours import TOURS
from densehop.apps.explorer.sessions.session import Session
from densehop.apps.explorer.widgets.layout import wrapping_row

CONTROLS_IN_ORDER = ("view", "model", "p", "teacher_t")  # before those that depend on them


class TourBar:
    """A choice of tours, and the step at which one is."""

    def __init__(self, session: Session) -> None:
        self._state = state = session.state
        titles = {"none": ""} | {tour.title: name for name, tour in TOURS.items()}
        choice = pn.widgets.Select.from_param(
            state.param.tour, name="Guided tours", options=titles, width=240, description=None, css_classes=["tours"]
        )
        self._says = pn.pane.HTML("", css_classes=["tour"], sizing_mode="stretch_width", styles={"flex": "1 1 260px"})
        self._back = pn.widgets.Button(name="Back", css_classes=["tour-back"])
        self._next = pn.widgets.Button(name="Next", button_type="primary", css_classes=["tour-next"])
        self._back.on_click(lambda _: self._go(state.step - 1))
        self._next.on_click(lambda _: self._go(state.step + 1))
        self.panel = wrapping_row(choice, self._back, self._next, self._says)
        state.param.watch(self._begin, "tour")
        if state.tour:  # a link to a step holds its controls
            self._go(min(state.step, len(TOURS[state.tour].steps) - 1))
        self._show()

    def _begin(self, event: Any) -> None:
        if event.new:
            self._go(0)
        else:
            self._show()

    def _go(self, step: int) -> None:
        """Set the controls to a step of the tour."""
        controls = TOURS[self._state.tour].steps[step].controls
        first = {name: controls[name] for name in CONTROLS_IN_ORDER if name in controls}
        for name, value in first.items():
            self._state.param.update(**{name: value})
        self._state.param.update(step=step, **{name: controls[name] for name in controls if name not in first})
        self._show()

    def _show(self) -> None:
        """Show the sentences of the step at which the tour is."""
        tour = TOURS.get(self._state.tour)
        for one in (self._back, self._next):
            one.visible = tour is not None
        if tour is None:
            self._says.object = f"<p>{len(TOURS)} short stories, each of which sets the controls as it goes.</p>"
            return
        step = min(self._state.step, len(tour.steps) - 1)
        self._back.disabled, self._next.disabled = step == 0, step == len(tour.steps) - 1
        self._says.object = f"<p><b>{tour.title}, {step + 1} of {len(tour.steps)}:</b> {tour.steps[step].says}</p>"
