"""Monte Carlo: chains, their random streams, and what is measured on them."""
