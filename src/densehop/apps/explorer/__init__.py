"""The explorer: an interactive web page on dense Hopfield networks, served by Panel.

`server` starts it. `pages` are its views, made of `widgets`; `sessions` holds what belongs to one open page; `workers`
runs computations in the background; `compute` is what is computed. `compute` and `workers` know nothing of the web.
"""
