"""Message passing on given examples: what theory says of a typical data set, computed for the one at hand."""

from .amp import MessagePassing, message_passing
from .recovery import Recovery, recover_pattern

__all__ = ["MessagePassing", "Recovery", "message_passing", "recover_pattern"]
