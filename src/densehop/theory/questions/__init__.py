"""Questions that build on states and lines: attacks, examples needed, evidence, mixtures, finite size."""
