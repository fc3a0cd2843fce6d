"""Work in the background: worker processes with a queue and a cache, and jobs on threads."""
