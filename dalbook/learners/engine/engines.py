"""The dropout classifier's arithmetic, twice: in plain PyTorch (any device) and compiled for the CPU.

Both hold the parameters and Adam's state, take the same minibatches and the same mask bits, and agree up to rounding;
`dalbook.learners.mc_dropout` is what everybody else uses.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import numpy as np
import scipy.sparse
import torch

from dalbook.learners.masks import mask_words, unpack

ROWS = 1024  # clips a matrix product: their scores (1024 x |D| C float32) stay near the processor's cache
PARTS = 8  # a minibatch's gradient is summed in 8 parts whatever the number of threads, so it never depends on that


Summed = tuple[np.ndarray, np.ndarray, np.ndarray]


def engine_for(device: str) -> type:
    """The engine that serves a device: compiled loops on the CPU, PyTorch elsewhere.

    >>> engine_for("cpu").__name__
    'CompiledEngine'
    """
    return CompiledEngine if torch.device(device).type == "cpu" else TorchEngine


class TorchEngine:
    """The classifier as one writes it in PyTorch; the reference that tests hold `CompiledEngine` against."""

    def __init__(self, x: np.ndarray, weight: np.ndarray, bias: np.ndarray, rate: float, decay: float, device: str):
        self.device = torch.device(device)
        self.x = torch.tensor(x, device=self.device)
        self.weight = torch.nn.Parameter(torch.tensor(weight, device=self.device))
        self.bias = torch.nn.Parameter(torch.tensor(bias, device=self.device))
        self.optimizer = torch.optim.Adam([self.weight, self.bias], lr=rate, weight_decay=decay)

    def _masks(self, key: np.uint64, rows: int) -> torch.Tensor:
        d = self.x.shape[1]
        octets = np.ascontiguousarray(mask_words(key, rows, d)).astype("<u8", copy=False).view(np.uint8)
        octets = torch.from_numpy(octets.reshape(rows, -1)).to(self.device)
        bits = (octets[:, :, None] >> torch.arange(8, device=self.device, dtype=torch.uint8)) & 1
        return bits.reshape(rows, -1)[:, :d].float()

    def step(self, clips: np.ndarray, targets: np.ndarray, key: np.uint64) -> None:
        """One gradient descent step on a minibatch; row b is masked by row b of the key's masks."""
        dropped = self.x[torch.as_tensor(clips, device=self.device)] * self._masks(key, len(clips)) * 2
        scores = torch.nn.functional.linear(dropped, self.weight, self.bias)
        loss = torch.nn.functional.cross_entropy(scores, torch.as_tensor(targets, device=self.device))
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()

    @torch.no_grad()
    def scan(self, x: np.ndarray, key: np.uint64, n_masks: int, rows: np.ndarray | None = None) -> Summed:
        """Votes int32 (m, C), mean probabilities float32 (m, C) and mean entropies float32 (m,) over |D| hypotheses.

        Of all rows of x, or of those that `rows` names (int64).
        """
        rows = np.arange(len(x)) if rows is None else rows
        masked = self.weight[:, None] * self._masks(key, n_masks) * 2  # (C, |D|, d)
        product = masked.flatten(0, 1).T.contiguous()
        parts = []
        for begin in range(0, max(len(rows), 1), ROWS):
            part = torch.tensor(x[rows[begin : begin + ROWS]], device=self.device)
            scores = (part @ product).view(len(part), len(self.bias), n_masks) + self.bias[:, None]
            log_p = scores.log_softmax(1)
            p = log_p.exp()
            votes = torch.zeros(len(part), scores.shape[1], device=self.device)
            votes.scatter_add_(1, scores.argmax(1), torch.ones_like(scores[:, 0]))
            parts.append((votes.int().cpu(), p.mean(2).cpu(), -(p * log_p).sum(1).mean(1).cpu()))
        return tuple(torch.cat(column).numpy() for column in zip(*parts, strict=True))

    def arrays(self) -> dict[str, Any]:
        """Parameters and Adam's state as NumPy arrays: weight (C, d), bias (C,), first and second moments of both."""
        state = {"weight": self.weight, "bias": self.bias}
        for name, p in (("weight", self.weight), ("bias", self.bias)):
            moments = self.optimizer.state.get(p) or {"exp_avg": p * 0, "exp_avg_sq": p * 0}
            state |= {f"first_{name}": moments["exp_avg"], f"second_{name}": moments["exp_avg_sq"]}
        return {k: v.detach().cpu().numpy().copy() for k, v in state.items()}

    def load(self, arrays: dict[str, Any], steps: int) -> None:
        """Take what `arrays` gave, after so many steps."""
        for name, p in (("weight", self.weight), ("bias", self.bias)):
            p.data.copy_(torch.as_tensor(arrays[name]))
            self.optimizer.state[p] = {
                "step": torch.tensor(float(steps)),
                "exp_avg": torch.tensor(arrays[f"first_{name}"], device=self.device),
                "exp_avg_sq": torch.tensor(arrays[f"second_{name}"], device=self.device),
            }


class CompiledEngine:
    """The same on the CPU with the loops of `kernels` beside it; one matrix product scores all hypotheses."""

    def __init__(self, x: np.ndarray, weight: np.ndarray, bias: np.ndarray, rate: float, decay: float, device: str):
        from dalbook.learners.engine import kernels

        self.kernels = kernels
        self.rows = scipy.sparse.csr_array(x)
        self.rate, self.decay = rate, decay
        self.n_classes, d = weight.shape
        shape = (-(-self.n_classes // kernels.LANES), d + 1, kernels.LANES)
        self.weight, self.first, self.second = (np.zeros(shape, np.float32) for _ in range(3))
        self.gradients = np.zeros((PARTS, *shape), np.float32)
        self._set(self.weight, weight, bias)
        self.steps = 0

    def step(self, clips: np.ndarray, targets: np.ndarray, key: np.uint64) -> None:
        """One gradient descent step on a minibatch; row b is masked by row b of the key's masks."""
        edges = np.linspace(0, len(clips), PARTS + 1).astype(int)

        def part(p: int) -> None:
            self.kernels.gradient_part(
                self.rows.indptr, self.rows.indices, self.rows.data, clips, targets, edges[p], edges[p + 1], key,
                self.weight, self.n_classes, self.gradients[p],
            )  # fmt: skip

        spread(part, range(PARTS))
        flat = (self.weight.ravel(), self.gradients.reshape(PARTS, -1), self.first.ravel(), self.second.ravel())
        self.kernels.adam(*flat, self.steps + 1, self.rate, self.decay)
        self.steps += 1

    def scan(self, x: np.ndarray, key: np.uint64, n_masks: int, rows: np.ndarray | None = None) -> Summed:
        """Votes int32 (m, C), mean probabilities float32 (m, C) and mean entropies float32 (m,) over |D| hypotheses.

        Of all rows of x, or of those that `rows` names (int64).
        """
        x = np.require(x, requirements="W")  # PyTorch warns of arrays that it could not write to
        d, c = x.shape[1], self.n_classes
        masks = np.float32(2) * unpack(mask_words(key, n_masks, d), d).T  # (d, |D|)
        weight, bias = self._get(self.weight)
        product = (weight.T[:, :, None] * masks[:, None]).reshape(d, c * n_masks)
        bias = torch.from_numpy(np.repeat(bias, n_masks))
        m = len(x) if rows is None else len(rows)
        votes, probs, entropy = np.empty((m, c), np.int32), np.empty((m, c), np.float32), np.empty(m, np.float32)
        x, product, scores = torch.from_numpy(x), torch.from_numpy(product), torch.empty(min(ROWS, m), c * n_masks)
        picked = None if rows is None else torch.empty(len(scores), d)
        for begin in range(0, m, ROWS):
            block = slice(begin, min(begin + ROWS, m))
            if picked is None:
                part = x[block]
            else:
                part = torch.index_select(x, 0, torch.from_numpy(rows[block]), out=picked[: block.stop - begin])
            z = torch.addmm(bias, part, product, out=scores[: len(part)]).numpy()
            out = votes[block], probs[block], entropy[block]
            spread(
                lambda rows, z=z, out=out: self.kernels.tally(z[rows], c, n_masks, *(o[rows] for o in out)),
                [slice(i, i + 128) for i in range(0, len(z), 128)],
            )
        return votes, probs, entropy

    def arrays(self) -> dict[str, Any]:
        """Parameters and Adam's state as NumPy arrays: weight (C, d), bias (C,), first and second moments of both."""
        state = {}
        for prefix, values in (("", self.weight), ("first_", self.first), ("second_", self.second)):
            state[f"{prefix}weight"], state[f"{prefix}bias"] = self._get(values)
        return state

    def load(self, arrays: dict[str, Any], steps: int) -> None:
        """Take what `arrays` gave, after so many steps."""
        for prefix, values in (("", self.weight), ("first_", self.first), ("second_", self.second)):
            self._set(values, arrays[f"{prefix}weight"], arrays[f"{prefix}bias"])
        self.gradients[:] = 0  # an interrupted step may have left its parts
        self.steps = steps

    def _get(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The kernels' layout (blocks, d + 1, LANES) as (C, d) and (C,)."""
        flat = values.transpose(0, 2, 1).reshape(-1, values.shape[1])[: self.n_classes]
        return flat[:, :-1].copy(), flat[:, -1].copy()

    def _set(self, values: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> None:
        for c in range(self.n_classes):
            block, lane = divmod(c, values.shape[2])
            values[block, :-1, lane], values[block, -1, lane] = weight[c], bias[c]


_threads: dict[int, ThreadPoolExecutor] = {}
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_threads.clear)  # a forked process has none of its parent's threads


def spread(work, items) -> None:
    """Call work(item) for each item on as many threads as PyTorch uses (the compiled loops release the GIL)."""
    n = torch.get_num_threads()
    if n == 1:
        for item in items:
            work(item)
        return
    if n not in _threads:
        _threads[n] = ThreadPoolExecutor(n, thread_name_prefix="dalbook")
    parts = [_threads[n].submit(work, item) for item in items]
    try:
        for part in parts:
            part.result()
    finally:
        wait(parts)  # interrupted: nobody writes into our arrays any more once this is left
