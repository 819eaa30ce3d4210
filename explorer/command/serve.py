"""`laf`: serve the dashboard, or the notebooks, to the browser until Ctrl-C."""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from explorer import extras
from explorer.command.codes import FAILED
from explorer.command.interrupts import Interrupts
from explorer.command.notebooks import APP, copy_notebooks, find_notebooks
from explorer.command.server import (
    HOST,
    PAUSE,
    Server,
    check_port,
    free_port,
    private_environment,
)
from explorer.command.warmup import warming

SERVER = "explorer.command.visits"
"""The module that serves the home page."""


@dataclass(frozen=True)
class Page:
    """A server to start, and the path of its page."""

    title: str
    command: list[str]
    path: str


REFILL = 20
"""Seconds after the opening of a page before the next kernel starts, because the start
would slow down the first picture."""

NEED = 650e6
"""Bytes of a kernel in which all explorers are open; measured, rounded up."""

SHARE = 0.8
"""Share of the available memory that kernels may take."""


def places() -> int:
    """Return how many kernels fit into the memory that is available now, at least 1."""
    return max(1, int(SHARE * psutil.virtual_memory().available / NEED))


def voila(notebook: Path, port: int, most: int) -> Page:
    """Return the home page: the notebook run by Voila, without its code.

    most : the largest number of kernels, and so of pages.
    """
    options = {
        "Voila.ip": HOST,
        "Voila.port": port,
        "Voila.port_retries": 0,
        "Voila.open_browser": False,
        "Voila.auto_token": True,  # that is: the token in the environment
        "VoilaConfiguration.multi_kernel_manager_class": f"{SERVER}.Places",
        "Places.most": most,
        # a kernel that has run the notebook waits for whoever opens the page next
        "VoilaConfiguration.preheat_kernel": True,
        "VoilaKernelManager.fill_delay": REFILL,
        "VoilaConfiguration.template": "explorer",
        "VoilaConfiguration.theme": "light",
        "VoilaConfiguration.show_tracebacks": False,
    }
    command = [sys.executable, "-m", SERVER, str(notebook), *flags(options)]
    pages = "one page" if most == 1 else f"{most} pages"
    return Page(f"The explorer (up to {pages} at a time)", command, "")


def lab(folder: Path, port: int) -> Page:
    """Return JupyterLab on a folder of notebooks."""
    options = {
        "ServerApp.ip": HOST,
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.open_browser": False,
        "ServerApp.allow_root": True,  # in containers everybody is root
        "ServerApp.root_dir": folder,
    }
    command = [sys.executable, "-m", "jupyterlab", *flags(options)]
    return Page("JupyterLab", command, f"lab/tree/{APP}")


def flags(options: dict[str, object]) -> list[str]:
    """Return options as command line flags.

    >>> flags({"Voila.port": 8866})
    ['--Voila.port=8866']
    """
    return [f"--{name}={value}" for name, value in options.items()]


def require_app(module: str) -> None:
    """Raise an ImportError with the install command if the server is missing."""
    if not extras.installed(module):
        raise ModuleNotFoundError(extras.missing(module, "`laf`"))


def serve(options: argparse.Namespace) -> int:
    """Open the dashboard or the notebooks as `options` say; return the exit code."""
    try:
        require_app("jupyterlab" if options.lab else "voila")
        port = options.port or free_port()
        check_port(port)
        source = find_notebooks()
        if options.lab:
            copy = copy_notebooks(source, Path.cwd())
            print(copy, flush=True)
            page = lab(copy.folder, port)
        else:
            page = voila(source / APP, port, options.max_kernels or places())
    except (OSError, ModuleNotFoundError) as error:
        print(f"laf: error: {error}", file=sys.stderr)
        return FAILED
    opener = None if options.no_browser else webbrowser.open
    with (
        Interrupts() as interrupts,
        warming(),
        tempfile.TemporaryDirectory(
            prefix="laf-", ignore_cleanup_errors=True
        ) as private,
    ):
        return attend(page, f"http://{HOST}:{port}/", Path(private), opener, interrupts)


def attend(
    page: Page,
    base: str,
    private: Path,
    opener: Callable[[str], bool] | None,
    interrupts: Interrupts,
) -> int:
    """Start the server, show its page, and wait until either process ends."""
    token = secrets.token_hex(16)
    server = Server(page.command, private_environment(private, token), private)
    try:
        if server.wait_until_ready(f"{base}login", lambda: bool(interrupts.signum)):
            announce(page, f"{base}{page.path}?token={token}", opener)
        while server.alive and not interrupts.signum:
            time.sleep(PAUSE)
    except TimeoutError as error:
        return report_failure(str(error), server)
    finally:
        server.stop()
    if interrupts.signum:
        print("Stopped.")
        return 0
    return report_failure("the server ended by itself", server)


def announce(page: Page, url: str, opener: Callable[[str], bool] | None) -> None:
    """Print the address of a page and show it in a browser, if there is one."""
    print(f"{page.title} is at\n\n    {url}\n\nCtrl-C here stops it.", flush=True)
    if opener is not None and not opener(url):
        print("No browser was found: open the address by hand.", flush=True)


def report_failure(what: str, server: Server) -> int:
    """Print the reason why the server ended; return the exit code."""
    print(f"laf: error: {what}; its last output:", file=sys.stderr)
    print(server.last_words(), file=sys.stderr)
    return FAILED
