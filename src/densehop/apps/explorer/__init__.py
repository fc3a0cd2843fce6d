"""The live explorer in the browser: phase diagram, cut, restoration and attack."""
