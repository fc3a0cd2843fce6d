"""Which state wins at a point, and maps of that."""
