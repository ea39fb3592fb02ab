"""A Sphinx extension: the built book carries all it needs, so that no page asks another host for anything.

MathJax and Plotly come from the installed packages, scripts and styles from ``dalbook/``, sounds and outputs from what
the chapters did when they ran (see executed.py). All are copied when the book is built; none is committed.
"""

from __future__ import annotations

import os
import re
from importlib.metadata import distribution
from pathlib import Path
from shutil import copyfile, copytree

from executed import folder

# The parts of MathJax that Sphinx's pages use: TeX in, HTML with web fonts out, and the screen reader's menu.
MATHJAX = ("tex-mml-chtml.js", "output/chtml/fonts", "input/tex/extensions", "a11y", "sre", "ui")
# The theme's icons come as fonts, and once more as a script of 1.5 MB. The fonts do. They are not to be fetched ahead
# of time either: Chromium refuses that to a page that is read from a folder.
ICONS_AGAIN = re.compile(r"<(?:script|link rel=\"preload\")[^>]*/fontawesome/[^>]*>(?:</script>)?\n?")

# What widgets were like that no page shows: with a kernel they are made anew, without one nothing reads it.
WIDGETS = re.compile(r'<script type="application/vnd\.jupyter\.widget-state\+json">.*?</script>\n?', re.DOTALL)
# What Docutils says of the parts of a bibliography, screen readers do not allow there.
ROLES = re.compile(r'(?<=<div) role="list"(?= class="citation-list")| role="doc-(?:biblioentry|backlink)"')


def prepare(app, config) -> None:
    """Lay out what is copied beside the pages, as more static folders."""
    root = Path(app.confdir)
    libraries = Path(app.outdir).parent / "libraries"
    (libraries / "mathjax").mkdir(parents=True, exist_ok=True)

    mathjax = Path(distribution("sphinx-mathjax-offline").locate_file("sphinx-mathjax-offline/static/mathjax"))
    for part in MATHJAX:
        source, target = mathjax / part, libraries / "mathjax" / part
        if source.is_dir():
            copytree(source, target, dirs_exist_ok=True)
        else:
            copyfile(source, target)
    plotly = Path(distribution("plotly").locate_file("plotly/package_data/plotly.min.js"))
    copyfile(plotly, libraries / "plotly.min.js")
    for file in _ours(root):
        copyfile(file, libraries / file.name)

    executed = folder(root)
    os.environ["DALBOOK_STATIC"] = str(executed / "static" / "audio")  # for chapters that run only now
    config.nb_execution_cache_path = str(executed / "cache")
    config.html_static_path += [str(libraries), str(executed / "static")]
    config.mathjax_path = "mathjax/tex-mml-chtml.js"


def _ours(root: Path) -> list[Path]:
    """What a page loads by itself; all other scripts of the package stand in those that chapters have made."""
    return [root / "dalbook" / "book" / "static" / name for name in ("quiz.js", "quiz.css")]


def load(app, pagename, templatename, context, doctree) -> None:
    """Load on a page what it has a use for: Plotly weighs more than all the rest.

    ``dalbook/NAME.js`` and ``dalbook/NAME.css`` are for the pages with an element of the class ``dalbook-NAME``.
    """
    body = context.get("body", "")
    if "plotly-graph-div" in body:
        app.add_js_file("plotly.min.js", priority=400)
    for file in _ours(Path(app.confdir)):
        if re.search(rf'class="[^"]*\bdalbook-{re.escape(file.stem)}[ "]', body):
            (app.add_js_file if file.suffix == ".js" else app.add_css_file)(file.name)


def drop_thebe(app, pagename, templatename, context, doctree) -> None:
    """Leave out Thebe: no launch button uses it, and Jupyter Book loads it twice, which is an error on every page."""
    scripts = context["script_files"]
    scripts[:] = [
        script
        for script in scripts
        if "thebe" not in str(script.filename) and "THEBE_JS_URL" not in str(script.attributes.get("body"))
    ]


def tidy(app, error) -> None:
    """Take off every page what it has no use for and what is wrong there, and remove sounds that no page plays now."""
    if error or app.builder.format != "html":
        return
    out = Path(app.outdir)
    played = set()
    for page in out.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        played |= set(re.findall(r"audio(?:/|\\u002f)([0-9a-f]+\.mp3)", html))
        for useless in (ICONS_AGAIN, ROLES, WIDGETS):
            html = useless.sub("", html)
        page.write_text(html, encoding="utf-8")
    for sound in (out / "_static" / "audio").glob("*.mp3"):
        if sound.name not in played:
            sound.unlink()


def setup(app) -> dict:
    app.connect("config-inited", prepare)
    app.connect("html-page-context", drop_thebe, priority=900)
    app.connect("html-page-context", load)
    app.connect("build-finished", tidy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
