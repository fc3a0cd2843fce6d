"""Message passing on given examples: what theory says of a typical data set, computed for the one at hand."""

from .amp import MessagePassing, message_passing
from .model_score import Evidence, evidence
from .recovery import Recovery, recover_pattern

__all__ = ["Evidence", "MessagePassing", "Recovery", "evidence", "message_passing", "recover_pattern"]
