"""What can be fetched: where from, how many bytes, the sum that proves it, the license, and whom to cite."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

from dalbook.files.cache import cache_folder


@dataclass(frozen=True)
class Remote:
    """A file that somebody else publishes."""

    file: str
    url: str | None  # None where nobody vouches for one
    size: int | None  # bytes; None where they are not known before
    sum: str | None  # "md5:..." or "sha256:..."; None where there is nothing to compare with
    page: str  # where a person finds it
    license: str
    citation: str
    variable: str  # the environment variable that may hold another address, such as a mirror's


URBANSOUND8K = Remote(
    file="UrbanSound8K.tar.gz",
    url="https://zenodo.org/records/1203745/files/UrbanSound8K.tar.gz",
    size=6_023_741_708,
    sum="md5:9aa69802bbf37fb986f71ec1483a196e",
    page="https://doi.org/10.5281/zenodo.1203745",
    license="Creative Commons, attribution, non-commercial (CC BY-NC)",
    citation='J. Salamon, C. Jacoby, J. P. Bello, "A Dataset and Taxonomy for Urban Sound Research", '
    "ACM Multimedia 2014",
    variable="DALBOOK_URBANSOUND8K_URL",
)
UNPACKED = 7_200_000_000  # bytes of UrbanSound8K once it is extracted, rounded up

CNN14 = Remote(
    file="Cnn14_mAP=0.431.pth",
    url="https://zenodo.org/records/3987831/files/Cnn14_mAP%3D0.431.pth",
    size=327_428_481,
    sum="md5:541141fa2ee191a88f24a3219fff024e",
    page="https://doi.org/10.5281/zenodo.3987831",
    license="Creative Commons, attribution (CC BY 4.0)",
    citation='Q. Kong, Y. Cao, T. Iqbal, Y. Wang, W. Wang, M. D. Plumbley, "PANNs: Large-Scale Pretrained Audio Neural '
    'Networks for Audio Pattern Recognition", IEEE/ACM Transactions on Audio, Speech, and Language Processing 2020',
    variable="DALBOOK_CNN14_URL",
)

YAMNET = Remote(
    file="yamnet.tflite",
    url=None,
    size=3_959_752,
    sum="sha256:687f226c147a2caab4706fbbab5e9cecb14b9a368264bf61108078b1fddf68f5",
    page="https://tfhub.dev/google/lite-model/yamnet/classification/tflite/1",
    license="Apache-2.0",
    citation="YAMNet, Google",
    variable="DALBOOK_YAMNET_URL",
)


def located(remote: Remote) -> Remote:
    """The remote with the address that the environment names, if it names one.

    A mirror's file must be the same: its sum is checked. Where it is meant to be another file, its own sum stands
    behind the address, as package indexes write it: `https://.../file.tar.gz#md5=...` or `#sha256=...`.

    Raises
    ------
    ValueError
        If what stands behind the `#` is no such sum.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, DALBOOK_CNN14_URL="http://localhost/tiny.pth#md5=0123"):
    ...     tiny = located(CNN14)
    >>> tiny.url, tiny.sum, tiny.size
    ('http://localhost/tiny.pth', 'md5:0123', None)
    """
    address = os.environ.get(remote.variable)
    if not address:
        return remote
    url, mark, fragment = address.partition("#")
    if not mark:
        return replace(remote, url=url)
    kind, _, digest = fragment.partition("=")
    if kind not in ("md5", "sha256") or not digest:
        raise ValueError(f"{remote.variable}={address}: behind the # must stand md5=... or sha256=..., the file's sum")
    return replace(remote, url=url, size=None, sum=f"{kind}:{digest.lower()}")


def kept_at(remote: Remote) -> Path:
    """Where a fetched model is kept: in the folder `models` of the cache.

    Examples
    --------
    >>> kept_at(YAMNET).parts[-2:]
    ('models', 'yamnet.tflite')
    """
    return cache_folder() / "models" / remote.file


def check(path: str | os.PathLike, remote: Remote, progress: bool = True) -> None:
    """Make sure that a file is the one that was published.

    Raises
    ------
    ValueError
        If its size or its sum is wrong, with both.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "yamnet.tflite")
    >>> path.write_bytes(b"half")
    4
    >>> check(path, YAMNET)
    Traceback (most recent call last):
    ValueError: .../yamnet.tflite: it has 4 bytes, the published file has 3959752...
    """
    from tqdm.auto import tqdm

    size = os.path.getsize(path)
    if remote.size is not None and size != remote.size:
        raise ValueError(f"{path}: it has {size} bytes, the published file has {remote.size}: it is damaged or another")
    if remote.sum is None:
        return
    kind, _, wanted = remote.sum.partition(":")
    digest = hashlib.new(kind, usedforsecurity=False)
    bar = tqdm(total=size, desc=f"checking {remote.file}", unit="B", unit_scale=True, disable=not progress)
    with open(path, "rb") as file, bar:
        while block := file.read(1 << 20):
            digest.update(block)
            bar.update(len(block))
    found = digest.hexdigest()
    if found != wanted:
        raise ValueError(f"{path}: its {kind} sum is {found}, it must be {wanted}: it is damaged or another")
