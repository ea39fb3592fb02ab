"""Active learning for sounds: the package behind the book.

Its public names are below; each is described in the book under "The package". ``import dalbook`` is light: what stands
behind a name loads when the name is first used (Scientific Python's SPEC 1).

>>> import dalbook
>>> dalbook.__version__
'0.1.0'
>>> dalbook.DALConfig().threshold
0.5
"""

import lazy_loader

from dalbook.files.compiled import keep_compiled

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules={"figures"},
    submod_attrs={
        "book.player": ["play"],
        "book.quiz": ["quiz"],
        "book.results": ["results"],
        "corpora.esc50": ["load_esc50"],
        "corpora.folder": ["load_folder"],
        "corpora.table": ["load_table"],
        "corpora.toycity.load": ["load_toy_city"],
        "corpora.urbansound8k": ["load_urbansound8k"],
        "detection.classifier": ["SoundClassifier"],
        "embeddings.embed": ["embed", "load_embeddings"],
        "labeling.read": ["labels_to_corpus", "read_labels"],
        "labeling.widget": ["Labeler"],
        "learners.config": ["DALConfig"],
        "learners.dal": ["DropoutLearner"],
        "learners.herding": ["HerdingLearner"],
        "learners.mal": ["MedoidLearner"],
        "learners.metrics": ["bootstrap_interval", "macro_recall"],
        "learners.simulate": ["initial_labels", "simulate"],
    },
)

keep_compiled()
