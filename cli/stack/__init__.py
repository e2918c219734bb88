"""The one-machine stack: `start`, `stop_stack`, `running_stack`, `Stack`. How parts are kept running is inside."""

from cli.stack.stack import Stack, at_home, running_stack, start, stop_stack
from cli.stack.state import PartState, StackState, read_state

__all__ = ["PartState", "Stack", "StackState", "at_home", "read_state", "running_stack", "start", "stop_stack"]
