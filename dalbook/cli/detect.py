"""`dalbook label`, `dalbook train` and `dalbook predict`: from a folder of recordings to a table of detections."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from dalbook.cli.common import add_model_file, check_folder, check_jobs, check_target


def add(commands) -> None:
    """Add the three commands to the parser's."""
    label = commands.add_parser(
        "label",
        help="label recordings in a notebook, with a model that asks",
        description="Write a small notebook, labels.ipynb, that labels the recordings into labels.csv beside it, and "
        "open it in JupyterLab, where that is installed. Started again, it goes on where you were.",
    )
    label.add_argument("folder", metavar="DIR", help="the folder with the recordings; nothing is written into it")
    label.add_argument("--classes", required=True, metavar="A,B,C", help="what to tell apart, with commas between")
    label.add_argument("--segment", type=float, default=4.0, metavar="S", help="cut into S seconds (default 4)")
    label.add_argument("--embedding", default="logmel", help="logmel (default), mfcc, yamnet, cnn14 or birdnet")
    label.add_argument("--like", metavar="FILE", help="clips that sound like this file come first")
    label.add_argument("--target", metavar="NAME", help="look for this one class: yes or no")
    label.set_defaults(command=_label)

    train = commands.add_parser(
        "train",
        help="make a classifier of labels, and say how good it is on recordings that it has never met",
        description="Learn from the labels of a folder of recordings. Recall, precision and confusions come from "
        "cross-validation by recording.",
    )
    train.add_argument("folder", metavar="DIR", help="the folder with the recordings that were labeled")
    train.add_argument("labels", metavar="LABELS.CSV", type=Path, help="the labels")
    _add_embedding(train, "logmel (default), mfcc, yamnet, cnn14, birdnet, a .tflite or .onnx file, or an .npz file")
    train.add_argument(
        "--out", type=Path, metavar="FILE", help="the classifier (default: the labels' name with .dalbook)"
    )
    train.set_defaults(command=_train)

    predict = commands.add_parser(
        "predict",
        help="write the table of what is where in recordings",
        description="Stopped anywhere, even killed, it goes on there when it is started again. A broken file is told "
        "of and does not stop the others.",
    )
    predict.add_argument("folder", metavar="DIR", help="a folder with recordings, or one")
    predict.add_argument("classifier", metavar="MODEL", type=Path, help="the file that dalbook train wrote")
    predict.add_argument("--csv", type=Path, required=True, metavar="F", help="the table")
    predict.add_argument("--raven", type=Path, metavar="DIR", help="selection tables for Raven, one a recording")
    predict.add_argument("--audacity", type=Path, metavar="DIR", help="label tracks for Audacity, one a recording")
    predict.add_argument(
        "--threshold",
        metavar="T",
        help="leave out segments with a lower score, 0 to 1; auto: each class's own (default: all stay)",
    )
    predict.add_argument("--merge", action="store_true", help="make one row of touching segments of one class")
    predict.add_argument("--model", metavar="FILE", help="the weights of the embedder, if they are not in the cache")
    _add_work(predict)
    predict.set_defaults(command=_predict)


def _add_embedding(parser: argparse.ArgumentParser, names: str) -> None:
    parser.add_argument("--embedding", default="logmel", help=names)
    parser.add_argument("--model", metavar="FILE", help="the weights of yamnet or cnn14, if you have them")
    add_model_file(parser)
    _add_work(parser)


def _add_work(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="cores to use (default: all)")
    parser.add_argument("--device", default="auto", help="where a network computes: auto (default), cpu or cuda")


def _train(options: argparse.Namespace) -> int:
    check_jobs(options.jobs)
    out = options.labels.with_suffix(".dalbook") if options.out is None else options.out
    check_target(out)
    from dalbook.corpora.folder import load_folder
    from dalbook.detection.classifier import SoundClassifier
    from dalbook.detection.training import segment_in
    from dalbook.embeddings.choose import embedder_from
    from dalbook.labeling.read import read_labels

    given = read_labels(options.labels)
    given = given[given["status"] == "labeled"]
    if not len(given):
        raise ValueError(f"{options.labels}: there is no label in it")
    corpus = load_folder(options.folder, sorted(set(given["label"])), segment_in(given["clip"]))
    print(corpus.description)
    embedding = embedder_from(options.embedding, options.tensor, options.rate)
    classifier = SoundClassifier.fit(
        corpus, options.labels, embedding, model=options.model, device=options.device, jobs=options.jobs, progress=True
    )
    print(f"{classifier.card['labels']['count']} labels of {classifier.card['labels']['recordings']} recordings\n")
    print(classifier.report)
    classifier.save(out)
    print(f"\nwrote {out}")
    return 0


def _predict(options: argparse.Namespace) -> int:
    check_jobs(options.jobs)
    check_target(options.csv)
    for path, option in ((options.raven, "--raven"), (options.audacity, "--audacity")):
        if path is not None:
            check_folder(path, option)
    from tqdm.auto import tqdm

    from dalbook.detection.classifier import SoundClassifier
    from dalbook.detection.run import Wanted, predict_to_files

    classifier = SoundClassifier.load(options.classifier, model=options.model, device=options.device)
    wanted = Wanted(options.csv, options.raven, options.audacity, options.threshold, options.merge)
    with tqdm(desc="predict", unit="B", unit_scale=True) as bar:

        def tell(done: float, total: float) -> None:
            bar.total, bar.n = round(total), round(done)
            bar.refresh()

        def waiting() -> None:
            print(f"another process writes {options.csv}; waiting for it", file=sys.stderr)

        outcome = predict_to_files(classifier, options.folder, wanted, options.jobs, tell, waiting)
    files = len({name for name, *_ in outcome.broken})
    print(f"{outcome.recordings} recordings, {outcome.rows} rows: wrote {options.csv}")
    if outcome.broken:
        name, start, _, reason = outcome.broken[0]
        print(
            f"{len(outcome.broken)} segments of {files} recordings are not in it, see {options.csv}.broken.csv; the "
            f"first, {name} at {start:g} s: {reason}",
            file=sys.stderr,
        )
    return 0


def _label(options: argparse.Namespace) -> int:
    from dalbook.labeling.notebook import open_notebook, write_notebook

    classes = [name.strip() for name in options.classes.split(",") if name.strip()]
    path = write_notebook(
        Path("labels.ipynb"), options.folder, classes, options.segment, options.embedding, options.like, options.target
    )
    print(f"wrote {path}")
    return open_notebook(path)
