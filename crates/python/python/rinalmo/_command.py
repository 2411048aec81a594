"""The command `rinalmo`."""

from __future__ import annotations

import signal
import sys

from ._rinalmo import command


def main() -> int:
    """Run the command with the arguments of `sys.argv`, and return its exit code."""
    # Python only notes a Ctrl-C until its own code runs again, and none of it does. The command handles signals itself.
    # A SIGINT that the caller ignores (`nohup`, `&` in a script) stays ignored.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    closed = sys.stdout is None
    return command(["rinalmo", *sys.argv[1:]], closed)
