"""One DAL iteration at the paper's size: each part against its floor, and the whole against what people would use.

The plain way is what one writes first in PyTorch: `nn.Dropout` left in training mode, |D| forward passes to score, an
ordinary loop of 40 training steps. A floor is what a part would cost if it were nothing but its multiplications and
additions, at the speed of a large matrix product, or nothing but reading its embeddings from memory: no masks, no
softmax, no votes, no Adam. Training visits only the non-zeros, and so does its floor.

Where PyTorch finds a GPU, dalbook and the plain way are timed on it too, with its queue emptied before each reading.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable

import numpy as np

from dalbook.experiments.benchmarks.common import CLASSES, timed

REPEATS, PAIRS = 5, 7


def iteration(x: np.ndarray, classes: np.ndarray, say: Callable[[str], object]) -> dict:
    """Time it on embeddings x (n, d) with classes (n,); tell, and return seconds and ratios."""
    from dalbook.learners.dal import DALConfig

    config = DALConfig()
    initial = {int(clip): c for c in range(CLASSES) for clip in np.flatnonzero(classes == c)[:3]}
    learner = _learner(x, initial, "cpu")
    asked, told, floors, ratios = [], [], [], []
    for _ in range(REPEATS):  # in turn, so that a machine that is busy for a while is busy for all
        for seconds, taken in zip((told, asked), _one_label(learner, classes), strict=True):
            seconds.append(taken)
        floors.append(_floors(x, config))
        ratios.append((told[-1] + asked[-1]) / sum(floors[-1].values()))
    ours_scan, ours_train = statistics.median(asked), statistics.median(told)
    floor = {name: statistics.median(f[name] for f in floors) for name in floors[0]}

    pairs = [(_seconds(lambda: learner.classifier.scan(x, config.n_masks)), _product(x, config)) for _ in range(PAIRS)]
    plain_scan, plain_train = _plain(x, classes, config)
    baal = _baal(x, config)
    figures = {
        "ours_scan_s": ours_scan,
        "ours_train_s": ours_train,
        **{f"floor_{name}_s": seconds for name, seconds in floor.items()},
        "over_floors": statistics.median(ratios),
        "plain_scan_s": plain_scan,
        "plain_train_s": plain_train,
        "baal_scan_s": baal,
        "speedup": (plain_scan + plain_train) / (ours_scan + ours_train),
        "scoring_s": statistics.median(ours for ours, _ in pairs),
        "bare_product_s": statistics.median(bare for _, bare in pairs),
        "scoring_over_product": statistics.median(ours / bare for ours, bare in pairs),
        **_on_the_gpu(x, classes, initial, config),
    }
    _tell(figures, say)
    return figures


def _learner(x: np.ndarray, initial: dict[int, int], device: str):
    from dalbook.learners.dal import DALConfig, DropoutLearner

    learner = DropoutLearner(x, CLASSES, initial, config=DALConfig(first_steps=200), device=device)
    learner.ask()
    return learner


def _one_label(learner, classes: np.ndarray) -> tuple[float, float]:
    """Seconds to learn from the next label, and to scan all clips anew."""
    clip = learner.ask()  # scanned already: only the argmax
    return _seconds(lambda: learner.tell(clip, int(classes[clip]))), _seconds(learner.scan)


def _on_the_gpu(x: np.ndarray, classes: np.ndarray, initial: dict[int, int], config) -> dict[str, float]:
    """The same two ways on a GPU; empty where there is none."""
    import torch

    if not torch.cuda.is_available():
        return {}
    learner = _learner(x, initial, "cuda")
    told, asked = zip(*(_one_label(learner, classes) for _ in range(REPEATS)), strict=True)
    _plain(x, classes, config, "cuda")  # the first time loads the GPU's kernels
    plain_scan, plain_train = _plain(x, classes, config, "cuda")
    return {
        "gpu": torch.cuda.get_device_name(),
        "gpu_scan_s": statistics.median(asked),
        "gpu_train_s": statistics.median(told),
        "gpu_plain_scan_s": plain_scan,
        "gpu_plain_train_s": plain_train,
    }


def _tell(f: dict, say: Callable[[str], object]) -> None:
    def row(name: str, scan: float | None, train: float | None, unit: str = " s") -> None:
        cells = [" " * 10 if v is None else f"{v:8.3f}{unit}" for v in (scan, train)]
        both = "" if scan is None or train is None else f"{scan + train:8.3f}{unit}"
        say(f"{name:34s} {cells[0]} {cells[1]} {both}".rstrip())

    say(f"{'one DAL iteration':34s} {'scan':>8s}   {'train':>8s}   {'both':>8s}")
    row("  the plain way", f["plain_scan_s"], f["plain_train_s"])
    if f["baal_scan_s"] is None:
        say("    (baal, to compare with, is not installed)")
    else:
        row("  baal, the same |D| forward passes", f["baal_scan_s"], None)
    row("  dalbook", f["ours_scan_s"], f["ours_train_s"])
    row("  floor: bare products", f["floor_scan_product_s"], f["floor_train_product_s"])
    row("  floor: bare memory traffic", f["floor_scan_traffic_s"], f["floor_train_traffic_s"])
    if "gpu" in f:
        row("  the plain way, on the GPU", f["gpu_plain_scan_s"], f["gpu_plain_train_s"])
        row("  dalbook, on the GPU", f["gpu_scan_s"], f["gpu_train_s"])
    say(f"  times faster than the plain way    scan {f['plain_scan_s'] / f['ours_scan_s']:.1f}, "
        f"train {f['plain_train_s'] / f['ours_train_s']:.1f}, both {f['speedup']:.1f}")  # fmt: skip
    if f["baal_scan_s"] is not None:
        say(f"  times faster than baal             scan {f['baal_scan_s'] / f['ours_scan_s']:.1f}")
    say(f"  times the sum of the floors        {f['over_floors']:.2f}")
    say(f"scoring all clips: {f['scoring_s']:.3f} s, {f['scoring_over_product']:.2f} times one bare matrix product "
        f"({f['bare_product_s']:.3f} s)")  # fmt: skip


def _seconds(work: Callable[[], object]) -> float:
    import torch

    def finished() -> None:
        work()
        if torch.cuda.is_available():  # what it has only queued there is work too
            torch.cuda.synchronize()

    return timed(finished)[0]


def _product(x: np.ndarray, config) -> float:
    """Seconds of X (n, d) times a (d, |D| C) matrix."""
    import torch

    rows, product = torch.from_numpy(x), torch.randn(x.shape[1], config.n_masks * CLASSES)
    out = torch.ones(len(x), product.shape[1])  # written once before, so that no page of it is new
    return _seconds(lambda: torch.mm(rows, product, out=out))


def _floors(x: np.ndarray, config) -> dict[str, float]:
    """Seconds of the bare arithmetic and of the bare memory traffic of a scan and of the training steps."""
    product = _product(x, config)
    rows = config.steps * config.batch * CLASSES
    entries = rows * np.count_nonzero(x) / len(x)  # non-zeros of all minibatches; a mask keeps half of them
    forward_and_back = 2 * (entries / 2) * CLASSES / (x.size * config.n_masks * CLASSES)
    step = np.ones(int(entries / config.steps), np.float64)  # a non-zero is a number and its column: 8 bytes
    copy, out = step.copy(), x.copy()
    return {
        "scan_product": product,
        "scan_traffic": _seconds(lambda: np.copyto(out, x)),
        "train_product": product * forward_and_back,
        "train_traffic": _seconds(lambda: [np.copyto(copy, step) for _ in range(config.steps)]),
    }


def _model(d: int):
    import torch

    return torch.nn.Sequential(torch.nn.Dropout(0.5), torch.nn.Linear(d, CLASSES))


def _plain(x: np.ndarray, classes: np.ndarray, config, device: str = "cpu") -> tuple[float, float]:
    """Seconds of |D| forward passes over all clips, and of the training steps, in everyday PyTorch."""
    import torch

    torch.manual_seed(0)
    inputs, targets = torch.from_numpy(x).to(device), torch.from_numpy(classes).to(device)
    model = _model(x.shape[1]).train().to(device)
    optimizer = torch.optim.Adam(model.parameters(), config.learning_rate, weight_decay=config.weight_decay)

    def scan() -> None:
        with torch.no_grad():
            votes, probs = (torch.zeros(len(x), CLASSES, device=device) for _ in range(2))
            for _ in range(config.n_masks):
                p = model(inputs).softmax(1)
                probs += p
                votes[torch.arange(len(x), device=device), p.argmax(1)] += 1

    def train() -> None:
        for _ in range(config.steps):
            batch = torch.randint(0, len(x), (config.batch * CLASSES,), device=device)
            loss = torch.nn.functional.cross_entropy(model(inputs[batch]), targets[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return _seconds(scan), _seconds(train)


def _baal(x: np.ndarray, config) -> float | None:
    """Seconds of baal's |D| Monte Carlo predictions of all clips; None where it is not installed."""
    try:
        from baal.bayesian.dropout import MCDropoutModule
        from baal.modelwrapper import ModelWrapper, TrainingArgs
    except ImportError:
        return None
    import torch

    torch.manual_seed(0)
    settings = TrainingArgs(batch_size=1024, use_cuda=False, workers=0, replicate_in_memory=False)
    wrapper = ModelWrapper(MCDropoutModule(_model(x.shape[1])), settings)
    clips = torch.utils.data.TensorDataset(torch.from_numpy(x))
    return _seconds(lambda: wrapper.predict_on_dataset(clips, config.n_masks, verbose=False))
