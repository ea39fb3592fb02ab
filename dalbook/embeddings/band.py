"""The embedders that need no network, on a frequency range of one's own: for sound that nobody hears."""

from __future__ import annotations

from functools import partial

from dalbook.embeddings.logmel import logmel_embedding
from dalbook.embeddings.mfcc import mfcc_embedding
from dalbook.embeddings.own import OwnEmbedder
from dalbook.embeddings.registry import EMBEDDERS

FUNCTIONS = {"logmel": logmel_embedding, "mfcc": mfcc_embedding}


def with_band(name: str, band: tuple[float, float]) -> OwnEmbedder:
    """An embedder that looks at a frequency range.

    Parameters
    ----------
    name
        "logmel" or "mfcc".
    band
        The lowest and the highest frequency in Hz.

    Raises
    ------
    ValueError
        If it is another embedder: networks have learned from what is heard.

    Examples
    --------
    >>> with_band("logmel", (15e3, 150e3)).name
    'logmel-15000-150000-Hz'
    """
    if name not in FUNCTIONS:
        raise ValueError(f"band= is for {' and '.join(FUNCTIONS)}; {name} has a frequency range of its own")
    low, high = map(float, band)
    return OwnEmbedder(
        partial(FUNCTIONS[name], band=(low, high)),
        dimensions=EMBEDDERS[name].dimensions,
        name=f"{name} {low:g} {high:g} Hz",
        version=f"{EMBEDDERS[name].code()} {low} {high}",
    )
