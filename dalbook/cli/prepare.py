"""`dalbook prepare`: from the sounds of a corpus to its embeddings."""

from __future__ import annotations

import argparse
import os

from dalbook.cli.common import add_model_file, check_jobs
from dalbook.cli.corpus import add_table, check_table, columns


def add(commands) -> None:
    """Add the command to the parser's."""
    prepare = commands.add_parser(
        "prepare",
        help="fetch, check and embed UrbanSound8K, or embed sounds that you have",
        description="Say what there is to do, fetch what is missing (only with --download), unpack it, embed every "
        "clip, and tell what is there. Stopped anywhere, it goes on there when it is run again.",
    )
    choices = ["urbansound8k", "esc50", "table", "folder"]
    prepare.add_argument("corpus", choices=choices, help="a published corpus, clips that a table lists, or a folder")
    prepare.add_argument("--root", help="folder with the sounds (urbansound8k: by default a folder in the cache)")
    add_table(prepare)
    prepare.add_argument(
        "--embedding", default="cnn14", help="cnn14 (default), yamnet, birdnet, mfcc, logmel, a .tflite or .onnx file"
    )
    add_model_file(prepare)
    prepare.add_argument("--download", action="store_true", help="fetch what is missing")
    prepare.add_argument("--model", metavar="FILE", help="the weights of cnn14 or yamnet, if you have them")
    prepare.add_argument("--device", default="auto", help="where a network computes: auto (default), cpu or cuda")
    prepare.add_argument("--limit", type=int, metavar="N", help="embed only N clips, to try it out")
    prepare.add_argument("--segment", type=float, metavar="S", help="folder: cut long files into segments of S seconds")
    prepare.add_argument(
        "--skip-silence",
        type=float,
        nargs="?",
        const=-60.0,
        metavar="DB",
        help="folder: leave out segments below this level in dB of full scale (-60 if none is given)",
    )
    prepare.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    prepare.set_defaults(command=_prepare)


def _prepare(options: argparse.Namespace) -> int:
    from dalbook.embeddings.choose import embedder_from
    from dalbook.embeddings.prepare import prepare_esc50, prepare_folder, prepare_table, prepare_urbansound8k

    check_jobs(options.jobs)
    common = {
        "embedding": embedder_from(options.embedding, options.tensor, options.rate),
        "fetch": options.download,
        "device": options.device,
        "limit": options.limit,
        "model": options.model,
        "jobs": options.jobs,
    }
    corpus, root = options.corpus, options.root
    check_table(corpus, options)
    if corpus in ("folder", "esc50") and root is None:
        raise ValueError(f"prepare {corpus} needs --root, the folder with the sounds")
    if corpus != "folder" and (options.segment is not None or options.skip_silence is not None):
        raise ValueError("--segment and --skip-silence are for your own recordings: dalbook prepare folder")
    if corpus == "folder":
        prepare_folder(root, **common, segment=options.segment, skip_silence=options.skip_silence)
    elif corpus == "table":
        prepare_table(options.csv, root, columns(options.columns), **common)
    elif corpus == "esc50":
        prepare_esc50(root, **common)
    else:
        prepare_urbansound8k(root, **common)
    return 0
