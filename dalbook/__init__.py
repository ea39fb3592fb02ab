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
    submodules={"book", "corpora", "embeddings", "experiments", "figures", "labeling", "learners", "webpage"},
    submod_attrs={
        "corpora.corpus": ["load_corpus"],
        "learners.dal": ["DALConfig", "DropoutLearner"],
        "embeddings.embed": ["embed", "load_embeddings"],
        "labeling.widget": ["Labeler"],
        "labeling.read": ["labels_to_corpus", "read_labels"],
        "learners.mal": ["MedoidLearner"],
    },
)
