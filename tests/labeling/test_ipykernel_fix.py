"""The labeler hears every key, also in a kernel that has missed that a message came."""

from __future__ import annotations

from kernel import Kernel

CELL = """
import numpy as np
from dalbook import Labeler, load_toy_city
corpus = load_toy_city()
labeler = Labeler(corpus, "labels.csv", embedding=np.eye(10, 16, dtype="f4")[corpus.labels] + 0.01)
labeler
"""
# What sending a reply does at the wrong moment: it takes the notice of a message that has just come.
MISS = """
import time, zmq
kernel = get_ipython().kernel
def miss():
    time.sleep(3)
    kernel.shell_stream.socket.get(zmq.EVENTS)
kernel.shell_channel_thread.io_loop.add_callback(miss)
"""


def test_a_missed_message_is_read(tmp_path):
    with Kernel(tmp_path) as kernel:
        kernel.run(CELL)
        comm, state = next((comm, state) for comm, state in kernel.state.items() if "heard" in state)
        kernel.run(MISS)
        kernel.say(comm, {"said": [{"n": 1, "do": "skip", "clip": state["clip"]["clip"], "seconds": 1.0}]})
        kernel.until(lambda: state["heard"] == 1)
        assert state["progress"]["skipped"] == 1
