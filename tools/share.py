"""A Sphinx extension: what search engines and chat programs need of the published book, a sitemap and Open Graph cards.

The book's address follows from the repository's: https://OWNER.github.io/REPO/.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from urllib.parse import urljoin

from docutils import nodes

CARD = "_static/card.png"
CARD_ALT = "Active learning for sounds: a learning curve beside the title of the book"
LENGTH = 200  # characters of a description


def published(repository: str) -> str:
    """Where GitHub Pages serves a repository.

    >>> published("https://github.com/somebody/sounds")
    'https://somebody.github.io/sounds/'
    """
    owner, name = repository.removesuffix("/").removesuffix(".git").split("/")[-2:]
    return f"https://{owner}.github.io/{'' if name.lower() == f'{owner}.github.io'.lower() else f'{name}/'}"


def set_address(app, config) -> None:
    config.html_baseurl = published(config.html_theme_options["repository_url"])


def describe(app, pagename, templatename, context, doctree) -> None:
    """Say what the page is about where only its address is given."""
    if doctree is None:
        return
    title = re.sub(r"<[^>]+>", "", context.get("title", ""))
    book = app.config.html_title or app.config.project
    words = summary(doctree)
    tags = {
        "og:type": "article",
        "og:site_name": book,
        "og:title": title or book,
        "og:description": words,
        "og:url": urljoin(app.config.html_baseurl, app.builder.get_target_uri(pagename)),
        "og:image": urljoin(app.config.html_baseurl, CARD),
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": CARD_ALT,
    }
    lines = [f'<meta property="{name}" content="{escape(value)}" />' for name, value in tags.items()]
    lines.append('<meta name="twitter:card" content="summary_large_image" />')
    lines.append(f'<meta name="description" content="{escape(words)}" />')
    context["metatags"] = context.get("metatags", "") + "\n".join(lines)


def summary(doctree: nodes.document) -> str:
    """The first paragraph that is not part of a box or a list, cut after a word."""
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, (nodes.section, nodes.document)):
            words = " ".join(paragraph.astext().split())
            return words if len(words) <= LENGTH else words[:LENGTH].rsplit(" ", 1)[0] + " …"
    return ""


def write_sitemap(app, error) -> None:
    if error or app.builder.format != "html":
        return
    addresses = [urljoin(app.config.html_baseurl, app.builder.get_target_uri(name)) for name in app.env.found_docs]
    lines = [f"<url><loc>{escape(address)}</loc></url>" for address in sorted(addresses)]
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    Path(app.outdir, "sitemap.xml").write_text(head + "\n".join(lines) + "\n</urlset>\n", encoding="utf-8")
    robots = f"User-agent: *\nSitemap: {urljoin(app.config.html_baseurl, 'sitemap.xml')}\n"
    Path(app.outdir, "robots.txt").write_text(robots, encoding="utf-8")


def setup(app) -> dict:
    app.connect("config-inited", set_address)
    app.connect("html-page-context", describe)
    app.connect("build-finished", write_sitemap)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
