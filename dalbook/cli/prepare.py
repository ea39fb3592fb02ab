"""`dalbook prepare`: from the sounds of a corpus to its embeddings."""

from __future__ import annotations

import argparse
import os

from dalbook.cli.common import check_jobs


def add(commands) -> None:
    """Add the command to the parser's."""
    prepare = commands.add_parser(
        "prepare",
        help="fetch, check and embed UrbanSound8K, or embed your own recordings",
        description="Say what there is to do, fetch what is missing (only with --download), unpack it, embed every "
        "clip, and tell what is there. Stopped anywhere, it goes on there when it is run again.",
    )
    prepare.add_argument("corpus", choices=["urbansound8k", "folder"], help="the published corpus, or your recordings")
    prepare.add_argument("--root", help="folder with the sounds (urbansound8k: by default a folder in the cache)")
    prepare.add_argument("--embedding", default="cnn14", help="cnn14 (default), yamnet, mfcc or logmel")
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
    from dalbook.embeddings.prepare import prepare_folder, prepare_urbansound8k

    check_jobs(options.jobs)
    common = {
        "root": options.root,
        "embedding": options.embedding,
        "fetch": options.download,
        "device": options.device,
        "limit": options.limit,
        "model": options.model,
        "jobs": options.jobs,
    }
    if options.corpus == "folder":
        if options.root is None:
            raise ValueError("prepare folder needs --root, the folder with your recordings")
        prepare_folder(**common, segment=options.segment, skip_silence=options.skip_silence)
    elif options.segment is not None or options.skip_silence is not None:
        raise ValueError("--segment and --skip-silence are for your own recordings: dalbook prepare folder")
    else:
        prepare_urbansound8k(**common)
    return 0
