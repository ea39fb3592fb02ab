"""``make test`` gets itself the browsers it needs, or says in one line what to do, before any test runs."""

from __future__ import annotations

import importlib.util
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BROWSER = "#!/bin/sh\necho Browser 1.0\n"
BROKEN = "#!/bin/sh\necho missing library >&2\nexit 127\n"


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


class Machine:
    """A computer with next to nothing on its PATH, on which it is written down what is called."""

    def __init__(self, folder: Path, monkeypatch):
        self.bin, self.own, self.log, self.patch = folder / "bin", folder / "own", folder / "log", monkeypatch
        self.bin.mkdir()
        self.log.touch()
        for name in ("CHROMIUM", "FIREFOX", "CI"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("PATH", str(self.bin))
        monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(self.own))
        monkeypatch.setenv("PYTHONPATH", str(folder))
        self.playwright("print('getaddrinfo ENOTFOUND'); sys.exit(1)")
        spec = importlib.util.spec_from_file_location("browsers", ROOT / "tools" / "browsers.py")
        self.tool = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.tool)
        self.root(False)

    def root(self, yes: bool) -> None:
        self.patch.setattr(self.tool, "is_root", lambda: yes)

    def has(self, name: str, text: str = BROWSER) -> str:
        return str(program(self.bin / name, text))

    def playwright(self, code: str) -> None:
        """Put a Playwright there that does this."""
        package = self.log.parent / "playwright"
        package.mkdir(exist_ok=True)
        (package / "__init__.py").touch()
        note = f"with open({str(self.log)!r}, 'a') as file: file.write('playwright ' + ' '.join(sys.argv[1:]) + '\\n')"
        (package / "__main__.py").write_text(f"import os, pathlib, sys\n{note}\n{code}\n")

    def apt(self, *installs: str) -> None:
        """Put an apt-get there that installs these."""
        puts = [f"printf '{BROWSER}' > {self.bin}/{name}; /bin/chmod +x {self.bin}/{name}" for name in installs]
        program(self.bin / "apt-get", "\n".join(["#!/bin/sh", f'echo "apt-get $*" >> {self.log}', *puts]) + "\n")

    @property
    def called(self) -> list[str]:
        return self.log.read_text().splitlines()


PUTS = """
for browser in sys.argv[2:]:
    path = {"chromium": "chromium-1/chrome-linux64/chrome", "firefox": "firefox-1/firefox/firefox"}[browser]
    path = pathlib.Path(os.environ["PLAYWRIGHT_BROWSERS_PATH"], path)
    if sys.argv[1] == "install":
        path.parent.mkdir(parents=True)
        path.write_text(TEXT)
        path.chmod(0o755)
    else:
        path.write_text("#!/bin/sh\\necho Browser 1.0\\n")
"""


@pytest.fixture
def machine(tmp_path, monkeypatch):
    return Machine(tmp_path, monkeypatch)


def test_what_is_there_is_taken_and_nothing_is_asked_for(machine):
    chrome, firefox = machine.has("google-chrome"), machine.has("firefox")
    assert machine.tool.main() is None
    assert (machine.tool.find("chromium"), machine.tool.find("firefox")) == (chrome, firefox)
    assert machine.called == []


def test_a_stub_that_does_not_start_is_no_browser(machine):
    """As Ubuntu's chromium-browser where there is no snap."""
    machine.has("chromium-browser", BROKEN)
    chrome = machine.has("google-chrome")
    assert machine.tool.find("chromium") == chrome


def test_playwright_puts_what_is_missing_into_the_projects_own_folder(machine):
    machine.has("firefox-esr")
    machine.playwright(PUTS.replace("TEXT", repr(BROWSER)))
    assert machine.tool.main() is None
    assert machine.called == ["playwright install chromium"]
    assert machine.tool.find("chromium") == str(machine.own / "chromium-1/chrome-linux64/chrome")


def test_what_a_downloaded_browser_lacks_root_installs(machine):
    machine.root(True)
    machine.apt()
    machine.playwright(PUTS.replace("TEXT", repr(BROKEN)))
    assert machine.tool.main() is None
    assert machine.called == ["playwright install chromium firefox", "playwright install-deps chromium firefox"]


def test_without_playwrights_host_root_on_debian_has_apt_get_install_them(machine):
    machine.root(True)
    machine.apt("chromium", "firefox-esr")
    assert machine.tool.main() is None
    asked, update, installed = machine.called
    assert asked == "playwright install chromium firefox"
    assert "apt-get update" in update
    assert " install -y " in installed
    assert installed.endswith(" chromium firefox-esr")
    assert machine.tool.find("chromium") == str(machine.bin / "chromium")


def test_a_download_that_stands_still_is_given_up(machine, monkeypatch):
    monkeypatch.setattr(machine.tool, "DOWNLOAD", 1)
    machine.playwright("import time; time.sleep(60)")
    assert machine.tool.main().startswith("No chromium and no firefox for the tests: install chromium")


def test_nobody_but_root_is_told_in_one_line_what_to_do(machine):
    machine.apt("chromium", "firefox-esr")
    line = "No chromium and no firefox for the tests: install chromium or name one with CHROMIUM=, "
    assert machine.tool.main() == line + "firefox-esr or name one with FIREFOX="
    assert machine.called == ["playwright install chromium firefox"]


def test_firefox_is_asked_for_in_ci_only(machine, monkeypatch, capsys):
    machine.has("chromium")
    assert machine.tool.main() is None
    assert "No Firefox: its one test is skipped" in capsys.readouterr().out
    monkeypatch.setenv("CI", "true")
    assert machine.tool.main() == "No firefox for the tests: install firefox-esr or name one with FIREFOX="


def test_a_named_browser_that_is_none_is_said(machine, monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/no/such/browser")
    assert machine.tool.main() == "CHROMIUM names /no/such/browser, which is no browser that starts"


def test_the_command_fails_with_that_one_line(machine):
    # Not root, whoever runs this: no apt-get is on the PATH.
    line = [sys.executable, str(ROOT / "tools/browsers.py")]
    done = subprocess.run(line, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "No chromium and no firefox for the tests: install" in done.stderr
