"""Two bodies: Wishart noise, its states and where they end."""
