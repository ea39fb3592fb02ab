"""JupyterLab or Notebook 7 as a person has it: a server with nothing of yours in it, and a notebook in Chromium."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import browsers
import nbformat
from playwright.sync_api import Page

# Each front end's module, its name for itself, and where it opens a notebook.
FRONT_ENDS = {"lab": ("jupyterlab", "LabApp", "lab/tree"), "notebook": ("notebook", "JupyterNotebookApp", "notebooks")}
PATIENCE = 240  # seconds; a busy machine may take as long
# A window that somebody looks at: without these a headless one is given a lower priority than all else
LOOKED_AT = ("--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows")


@contextmanager
def served(front_end: str, folder: Path) -> Iterator[str]:
    """Serve the notebooks in a folder; gives the address that a notebook's name completes.

    Settings, running kernels and all else that Jupyter keeps are in a folder `.jupyter` there, and nothing asks another
    host for news.

    Raises
    ------
    RuntimeError
        It does not start; says what it printed.
    """
    module, app, place = FRONT_ENDS[front_end]
    own = folder / ".jupyter"
    own.mkdir()
    settings = own / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text('{"fetchNews": "false", "checkForUpdates": false}')
    homes = {f"JUPYTER_{kind}_DIR": str(own / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
    homes |= {"JUPYTERLAB_SETTINGS_DIR": str(own / "settings"), "IPYTHONDIR": str(own / "ipython")}
    line = [sys.executable, "-m", module, "--no-browser", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"]
    line += [f"--ServerApp.root_dir={folder}", "--IdentityProvider.token=", f"--{app}.expose_app_in_browser=True"]
    line += ["--LabApp.news_url=None", "--LabApp.extension_manager=readonly"]
    line += ["--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate"]
    line += ["--allow-root"] * (hasattr(os, "geteuid") and os.geteuid() == 0)
    with open(own / "log", "w", encoding="utf-8") as log:
        server = subprocess.Popen(line, env={**os.environ, **homes}, cwd=folder, stdout=log, stderr=log)
    try:
        yield f"{_address(server, own)}{place}/"
    finally:
        server.terminate()  # which ends its kernels too
        server.wait(PATIENCE)


def _address(server: subprocess.Popen, own: Path) -> str:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        for file in (own / "runtime").glob("jpserver-*.json"):
            try:
                return json.loads(file.read_text())["url"]
            except ValueError:  # not written to its end yet
                continue
        time.sleep(0.1)
    raise RuntimeError(f"Jupyter does not start:\n{(own / 'log').read_text()}")


@contextmanager
def chromium(height: int = 900) -> Iterator[Page]:
    """A page of `browsers.chromium`, for somebody who looks at it and is in no hurry."""
    with browsers.chromium(*LOOKED_AT) as browser:
        page = browser.new_page(viewport={"width": 1280, "height": height})
        page.set_default_timeout(1000 * PATIENCE)
        yield page


def write_notebook(path: Path, *cells: str) -> None:
    """Write a notebook of code cells."""
    about = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    code = [nbformat.v4.new_code_cell(cell) for cell in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=code, metadata=about), path)


class Notebook:
    """A notebook that is open in a front end, and the labeler in it.

    Parameters
    ----------
    page
        Of the browser.
    address
        Of the notebook.
    """

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        page.goto(address)
        self.labeler = page.locator(".dalbook-labeler")
        # a dialog that comes when the server sees that a kernel died, and that not every connection lives to see
        died = page.locator(".jp-Dialog", has_text="Kernel Restarting")
        page.add_locator_handler(died, lambda: died.get_by_role("button", name="Ok").click())
        self.idle()

    def idle(self) -> None:
        """Wait until the kernel is there, and has nothing to do."""
        self.page.wait_for_function(
            """() => {
                const { sessionContext, content } = window.jupyterapp?.shell.currentWidget ?? {};
                const kernel = sessionContext?.session?.kernel;
                return kernel?.status === "idle" && kernel.connectionStatus === "connected"
                    && content.widgets.every(({ model }) => model.executionState !== "running");
            }"""
        )

    def menu(self, name: str, item: str) -> None:
        """Choose from the menus at the top."""
        self.page.locator(".lm-MenuBar-item", has_text=name).click()
        self.page.locator(".lm-Menu").get_by_role("menuitem", name=item, exact=True).click()

    def run_all(self) -> None:
        """Run all cells; this does not wait."""
        self.menu("Run", "Run All Cells")

    def restart_and_run_all(self) -> None:
        """A new kernel, and all cells in it; this does not wait."""
        self.menu("Kernel", "Restart Kernel and Run All Cells…")
        self.page.locator(".jp-Dialog .jp-mod-accept", has_text="Restart").click()

    def ready(self) -> None:
        """Wait until the labeler takes a decision on the clip it shows."""
        self.page.locator(".dalbook-labeler[data-state=ready]").wait_for()

    @property
    def clip(self) -> int:
        """The clip on screen."""
        return int(self.labeler.get_attribute("data-clip"))

    @property
    def cells(self) -> list[list[str]]:
        """Kind and text of each cell."""
        return self.page.evaluate(
            """() => jupyterapp.shell.currentWidget.content.widgets
                .map(({ model }) => [model.type, model.sharedModel.getSource()])"""
        )

    @property
    def state(self) -> dict:
        """What a shortcut of the front end could change: cells, their numbers, the active one, the mode, a dialog."""
        return self.page.evaluate(
            """() => {
                const { content } = jupyterapp.shell.currentWidget;
                const cells = content.widgets.map(({ model }) => [model.type, model.sharedModel.getSource()]);
                const runs = content.widgets.map(({ model }) => model.executionCount ?? null);
                const dialogs = document.querySelectorAll(".jp-Dialog").length;
                return { cells, runs, active: content.activeCellIndex, mode: content.mode, dialogs };
            }"""
        )

    @property
    def failures(self) -> list[str]:
        """What went wrong in the cells, and what they wrote to standard error."""
        return self.page.evaluate(
            """() => jupyterapp.shell.currentWidget.content.widgets
                .flatMap(({ model }) => model.type === "code" ? model.outputs.toJSON() : [])
                .filter(({ output_type, name }) => output_type === "error" || name === "stderr")
                .map(({ evalue, text }) => evalue ?? String(text))"""
        )
