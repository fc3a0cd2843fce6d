"""The models: what the saddle point of each is made of, supplied to the solvers in `states`."""
