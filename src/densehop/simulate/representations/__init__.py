"""What a network is to its chains: patterns, couplings or weights, and the rule that chooses."""
