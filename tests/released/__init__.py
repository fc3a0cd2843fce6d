"""What each released version promised and wrote: its public signatures and its files, a folder for each version.

`python -m tests.released` writes the folder of the present version, once, for its release. Folders of versions
that are out are never changed.
"""
