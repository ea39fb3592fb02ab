"""Whether a corpus is about sound that nobody hears: calls of bats, rumbles of elephants."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from dalbook.corpora.sound_file import open_sound

HIGH, LOW = 24_000, 20  # Hz; what is played ends here, what is heard begins here
LOOKED_AT = 8  # files of each kind, spread over the corpus
SECONDS = 10.0  # of each
WINDOW = 0.05  # seconds, for what is high: a call is short
MOST, ALMOST_ALL = 0.6, 0.95  # shares of the power; wind alone has much below 20 Hz
SHOWN = 3  # files that a message names


def beyond_hearing(files: Mapping[str, str], rates: Mapping[str, int]) -> str:
    """What to tell of a corpus whose sound lies above or below what is played and embedded; empty if it does not.

    Parameters
    ----------
    files
        Paths by id.
    rates
        Sample rates in Hz by id, of those that can be read.
    """
    for names, share, where in (
        (_some([name for name, rate in rates.items() if rate > 2 * HIGH]), share_above, f"above {HIGH // 1000} kHz"),
        (_some([name for name, rate in rates.items() if rate > 4 * LOW]), share_below, f"below {LOW} Hz"),
    ):
        limit = MOST if share is share_above else ALMOST_ALL
        found = [name for name in names if share(*_beginning(files[name])) > limit]
        if found:
            shown = ", ".join(found[:SHOWN]) + (", ..." if len(found) > SHOWN else "")
            top = min(150, min(rates[name] for name in found) // 2000)
            band = f"(15e3, {top}e3)" if share is share_above else "(2, 200)"
            return (
                f"most of the sound is {where} in {len(found)} of {len(names)} files looked at ({shown}): it is not "
                f"heard when it is played, and the embedders do not see it; give logmel or mfcc a frequency range in "
                f'Hz, such as embed(corpus, "logmel", band={band})'
            )
    return ""


def share_above(x: ArrayLike, rate: int) -> float:
    """The share of the power above `HIGH`, of the short window where it is largest.

    >>> t = np.arange(38400) / 384000
    >>> bool(share_above(np.sin(2 * np.pi * 50e3 * t), 384000) > 0.9), share_above(np.zeros(9), 384000)
    (True, 0.0)
    """
    size = max(1, round(WINDOW * rate))
    shares = [_share(x[at : at + size], rate, HIGH, rate) for at in range(0, len(x), size)]
    return max(shares, default=0.0)


def share_below(x: ArrayLike, rate: int) -> float:
    """The share of the power below `LOW`, without that of a level that does not move.

    >>> t = np.arange(16000) / 2000
    >>> bool(share_below(0.5 + np.sin(2 * np.pi * 12 * t), 2000) > 0.9)
    True
    """
    return _share(np.asarray(x) - np.mean(x), rate, 0.5, LOW) if len(x) >= rate else 0.0


def _share(x: ArrayLike, rate: int, low: float, high: float) -> float:
    x = np.asarray(x, dtype=np.float64)
    power = np.abs(np.fft.rfft(x * np.hanning(len(x)))) ** 2
    hz = np.fft.rfftfreq(len(x), 1 / rate)
    total = power.sum()
    return float(power[(hz >= low) & (hz < high)].sum() / total) if total > 0 else 0.0


def _some(names: list[str]) -> list[str]:
    return names[:: max(1, -(-len(names) // LOOKED_AT))]


def _beginning(path: str) -> tuple[np.ndarray, int]:
    with contextlib.suppress(ValueError, OSError), open_sound(path) as file:
        frames = min(file.frames, round(SECONDS * file.samplerate))
        x = file.read(0, frames).mean(axis=1)
        if np.isfinite(x).all():
            return x, file.samplerate
    return np.zeros(0), 1
