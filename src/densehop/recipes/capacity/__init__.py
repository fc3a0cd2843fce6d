"""The recipe `capacity`: what is measured, the theory beside it, the table, and the recipe itself."""
