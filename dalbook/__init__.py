"""Active learning for sounds: the package behind the book.

``import dalbook`` is light: its modules, and the libraries behind them, load when they are first used
(Scientific Python's SPEC 1).

>>> import dalbook
>>> dalbook.__version__
'0.1.0'
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules={
        "acquisition",
        "agreement",
        "audio",
        "cnn14",
        "corpus",
        "dal",
        "dropout",
        "embedding",
        "figures",
        "label_exports",
        "labeler",
        "labels",
        "learner",
        "logmel",
        "mal",
        "masks",
        "medoids",
        "mfcc",
        "player",
        "prepare",
        "pseudo",
        "simulate",
        "svm",
        "toycity",
        "yamnet",
    },
    submod_attrs={
        "corpus": ["load_corpus"],
        "dal": ["DALConfig", "DropoutLearner"],
        "embedding": ["embed", "load_embeddings"],
        "labeler": ["Labeler"],
        "labels": ["labels_to_corpus", "read_labels"],
        "mal": ["MedoidLearner"],
    },
)
