"""A notebook's kernel, and what a front end says to it: enough to use a widget without a browser."""

from __future__ import annotations

import os
import queue
import signal
import time

from jupyter_client import KernelManager

PATIENCE = 120  # seconds


class Kernel:
    """A real IPython kernel in a process of its own, used as a context manager.

    Attributes
    ----------
    state
        Comm id -> what the front end knows of that model.
    messages
        Custom messages as (comm id, content, buffers), in the order in which they came.
    """

    def __init__(self, cwd: os.PathLike) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(cwd=str(cwd))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)
        self.state: dict[str, dict] = {}
        self.messages: list[tuple[str, dict, list]] = []

    def __enter__(self) -> Kernel:
        return self

    def __exit__(self, *error: object) -> None:
        self.client.stop_channels()
        if self.manager.is_alive():
            self.manager.shutdown_kernel(now=True)

    def run(self, code: str) -> str:
        """Run a cell to its end; what it printed. An error in it is raised here."""
        sent = self.client.execute(code)
        printed = ""
        while True:
            message = self._next()
            content = message["content"]
            if message["parent_header"].get("msg_id") != sent:
                continue
            if message["msg_type"] == "stream":
                printed += content["text"]
            if message["msg_type"] == "status" and content["execution_state"] == "idle":
                return printed

    def say(self, comm: str, state: dict) -> None:
        """What `model.set` and `model.save_changes` do."""
        self._send(comm, {"method": "update", "state": state, "buffer_paths": []})

    def send(self, comm: str, content: dict) -> None:
        """What `model.send` does."""
        self._send(comm, {"method": "custom", "content": content})

    def until(self, true) -> None:
        """Take messages until something is so."""
        end = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < end, f"waited in vain; known: {self.state}"
            self._next()

    def kill(self) -> None:
        """Pull the plug."""
        os.kill(self.manager.provisioner.pid, signal.SIGKILL)
        self.manager.provisioner.process.wait()

    def _send(self, comm: str, data: dict) -> None:
        message = self.client.session.msg("comm_msg", {"comm_id": comm, "data": data})
        self.client.shell_channel.send(message)

    def _next(self) -> dict:
        try:
            message = self.client.get_iopub_msg(timeout=PATIENCE)
        except queue.Empty:
            raise AssertionError("the kernel says nothing") from None
        content = message["content"]
        if message["msg_type"] == "comm_open":
            self.state[content["comm_id"]] = dict(content["data"].get("state", {}))
        elif message["msg_type"] == "comm_msg":
            data = content["data"]
            if data["method"] == "update":
                self.state[content["comm_id"]].update(data["state"])
            elif data["method"] == "custom":
                self.messages.append((content["comm_id"], data["content"], message["buffers"]))
        elif message["msg_type"] == "error":  # in a cell, or in what a message of ours set off
            raise RuntimeError("\n".join(content["traceback"]))
        return message
