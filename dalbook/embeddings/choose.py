"""Which embedder the words of a command line mean."""

from __future__ import annotations

from pathlib import Path

from dalbook.embeddings.model_file import ENDINGS, ModelFile


def embedder_from(embedding: str, tensor: str | None = None, rate: int | None = None) -> str | ModelFile:
    """A `ModelFile` of a .tflite or .onnx file; a name, or an .npz file, as it is.

    Raises
    ------
    ValueError
        A tensor or a rate for something else; a file without a rate.

    Examples
    --------
    >>> embedder_from("yamnet")
    'yamnet'
    """
    if Path(embedding).suffix.lower() in ENDINGS:
        return ModelFile(embedding, rate, tensor)
    if tensor is not None or rate is not None:
        raise ValueError(f"--tensor and --rate belong to a .tflite or .onnx file; leave them out for {embedding}")
    return embedding
