"""The views of the explorer, one file each; `simulation_panel` is the lower half of the phase diagram page."""
