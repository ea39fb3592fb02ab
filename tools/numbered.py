"""A Sphinx extension: "Figure 3.1" in the prose of any chapter leads to that figure.

Figures are numbered by hand, in ``figures.show(number="3.1")``. A mention of one that is on no page is a warning, and
so fails the build, and so is a number that is there twice. The paper's own figures, "Figure 2", have no point and stay
text.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

ANCHOR = re.compile(r'<figure class="dalbook-figure" id="fig-(\d+)-(\d+)"')
MENTION = re.compile(r"\b(Figures?\s(\d+)\.(\d+))\b(?!\.\d)")
LOG = logging.getLogger(__name__)


def collect(app, doctree) -> None:
    """Note on which page each figure is."""
    places = app.env.__dict__.setdefault("dalbook_figures", {})
    here = app.env.docname
    for raw in doctree.findall(nodes.raw):
        for chapter, figure in ANCHOR.findall(raw.astext()):
            number = f"{chapter}.{figure}"
            if number in places:
                LOG.warning("Figure %s is on %s too", number, places[number], location=here, type="dalbook")
            places[number] = here


class Mentions(SphinxPostTransform):
    default_priority = 400

    def run(self, **_) -> None:
        places = getattr(self.env, "dalbook_figures", {})
        for text in list(self.document.findall(nodes.Text)):
            if isinstance(text.parent, (nodes.literal, nodes.literal_block, nodes.reference, nodes.raw)):
                continue
            if MENTION.search(text):
                text.parent.replace(text, list(self._linked(text, places)))

    def _linked(self, text: nodes.Text, places: dict[str, str]):
        rest = str(text)
        while match := MENTION.search(rest):
            words, chapter, figure = match.groups()
            page = places.get(f"{chapter}.{figure}")
            if page is None:
                LOG.warning("%s is on no page", words, location=self.env.docname, type="dalbook")
                yield nodes.Text(rest[: match.end()])
            else:
                yield nodes.Text(rest[: match.start()])
                uri = self.app.builder.get_relative_uri(self.env.docname, page) if page != self.env.docname else ""
                yield nodes.reference("", words, refuri=f"{uri}#fig-{chapter}-{figure}", internal=True)
            rest = rest[match.end() :]
        yield nodes.Text(rest)


def forget(app, env, docname) -> None:
    """Before a page is read again."""
    places = env.__dict__.get("dalbook_figures", {})
    for number in [number for number, page in places.items() if page == docname]:
        del places[number]


def setup(app) -> dict:
    app.connect("doctree-read", collect)
    app.connect("env-purge-doc", forget)
    app.add_post_transform(Mentions)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
