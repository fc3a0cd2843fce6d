"""What belongs to one session: the values of its controls, and how threads reach its page."""
