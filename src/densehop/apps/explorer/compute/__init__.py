"""What the explorer computes and says, without a browser: phase planes, cuts, simulations, attacks, restoration."""
