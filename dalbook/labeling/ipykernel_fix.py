"""A way round a fault of ipykernel 7.0 to 7.3: a message from the page may lie there unread for good."""

from __future__ import annotations

import sys

EVERY = 200  # milliseconds

_helped: set[int] = set()  # kernels, by identity; there is one in a process


def keep_reading() -> None:
    """In a kernel: look again and again whether a message waits. Elsewhere: do nothing.

    Those kernels send replies past the stream that reads from the same socket. That a message has come is told only
    once, and sending may use that up: then nobody reads it, and a key pressed in the labeler has no answer until the
    kernel ends. Looking costs microseconds.

    Examples
    --------
    >>> keep_reading()
    """
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)
    kernel = getattr(get_ipython(), "kernel", None)
    thread, stream = (getattr(kernel, name, None) for name in ("shell_channel_thread", "shell_stream"))
    if not thread or not stream or id(kernel) in _helped:
        return
    from tornado.ioloop import PeriodicCallback

    _helped.add(id(kernel))
    look = PeriodicCallback(lambda: stream.closed() or stream.flush(), EVERY)
    thread.io_loop.add_callback(look.start)
