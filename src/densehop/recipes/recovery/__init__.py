"""Finding the hidden pattern from nothing: message passing from eigenvectors beside searches at random."""
