"""Images from packages, files and the network."""
