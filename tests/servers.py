"""Real Jupyter and Voila servers on loopback, and a Chromium that sees no network."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from explorer.command.server import MAIN_SHELL

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = os.environ.get("CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    None,
)
REQUIRE_ALL = os.environ.get("LAF_REQUIRE_ALL") == "1"
ARGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage",
]  # fmt: skip
QUIET_LAB = '{"fetchNews":"false","checkForUpdates":false,"doNotDisturbMode":true}'


@dataclass
class Server:
    """A running server: where it listens, its token, its log, and its notebooks."""

    base: str
    token: str
    log: Path
    root: Path

    def url(self, path: str, query: str = "") -> str:
        """Return the address of a page, with the token."""
        return f"{self.base}{path}?token={self.token}{query}"

    def restore(self, notebook: str) -> None:
        """Put a notebook back as it is in the repository, without saved outputs.

        A saved output names a widget that a later run of its kernel has closed.
        """
        shutil.copyfile(ROOT / "notebooks" / notebook, self.root / notebook)


def free_port() -> int:
    """Return a port of the loopback interface that is free now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def private_environment(folder: Path) -> dict[str, str]:
    """Return an environment without proxies, user settings or saved workspaces."""
    env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    for name in (
        "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR",
        "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR",
    ):  # fmt: skip
        (folder / name).mkdir(exist_ok=True)
        env[name] = str(folder / name)
    settings = folder / "JUPYTERLAB_SETTINGS_DIR" / "@jupyterlab/apputils-extension"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "notification.jupyterlab-settings").write_text(QUIET_LAB)
    # as `laf --lab` and Binder have it, see `server.MAIN_SHELL`
    (settings / "kernels-settings.jupyterlab-settings").write_text(
        json.dumps(MAIN_SHELL)
    )
    path = os.pathsep.join(filter(None, [str(ROOT), env.get("PYTHONPATH")]))
    return {
        **env,
        "JUPYTER_PREFER_ENV_PATH": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": path,
    }


def command(kind: str, root: Path, port: int, token: str, base_url: str) -> list[str]:
    """Return the command line of a "lab" or "voila" server."""
    if kind == "lab":
        return [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
            "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}",
            "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}",
            f"--ServerApp.root_dir={root}", f"--ServerApp.base_url={base_url}",
            "--LabApp.expose_app_in_browser=True",
        ]  # fmt: skip
    return [
        sys.executable, "-m", "voila", str(root), "--no-browser", f"--port={port}",
        "--Voila.ip=127.0.0.1", f"--token={token}", f"--base_url={base_url}",
    ]  # fmt: skip


@contextlib.contextmanager
def jupyter(kind: str, root: Path, tmp: Path, base_url: str = "/") -> Iterator[Server]:
    """Run a server on `root`; at the end it and its kernels are gone."""
    port, token = free_port(), secrets.token_hex(16)
    with serve(command(kind, root, port, token, base_url), port, tmp, base_url) as log:
        base = f"http://127.0.0.1:{port}{base_url.rstrip('/')}"
        yield Server(base, token, log, root)


@contextlib.contextmanager
def serve(
    line: list[str], port: int, tmp: Path, base_url: str = "/", **env: str
) -> Iterator[Path]:
    """Run a command until its port answers; end its whole process group afterwards."""
    log = tmp / "server.log"
    environment = {**private_environment(tmp), **env}
    with log.open("wb") as f:
        process = subprocess.Popen(
            line, cwd=tmp, env=environment, stdout=f, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    try:
        wait_until_up(process, f"http://127.0.0.1:{port}{base_url}", log)
        yield log
    finally:
        end(process)


def wait_until_up(process: subprocess.Popen[Any], url: str, log: Path) -> None:
    """Return when the server answers; fail with its log if it never does."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + 60
    while True:
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"the server did not start:\n{log.read_text()[-3000:]}")
        try:
            opener.open(url, timeout=2).close()
            return
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in (403, 404):
                return
        except OSError:
            pass
        time.sleep(0.1)


def end(process: subprocess.Popen[Any]) -> None:
    """End a process group that we started: first politely, then for certain."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(5)


@dataclass
class Watch:
    """What went wrong on a page, and what it asked the network for."""

    problems: list[str] = field(default_factory=list)
    external: set[str] = field(default_factory=set)


@contextlib.contextmanager
def open_browser() -> Iterator[Any]:
    """Run Chromium; without one the test is skipped, or fails if all is required."""
    if not CHROMIUM:
        message = "no Chromium found: install it, or set CHROMIUM to its path"
        pytest.fail(message) if REQUIRE_ALL else pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        browser.close()


@contextlib.contextmanager
def open_page(browser: Any, width: int = 1400, height: int = 1000) -> Iterator[Any]:
    """Open a page that reaches this machine only; `page.watch` records trouble."""
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    watch = page.watch = Watch()

    def gate(route: Any) -> None:
        if route.request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            route.continue_()
        else:
            watch.external.add(route.request.url)
            route.abort()

    def listen(message: Any) -> None:
        if message.type == "error":
            watch.problems.append(f"console: {message.text}")

    page.on("pageerror", lambda error: watch.problems.append(f"page: {error}"))
    page.on("console", listen)
    context.route("**/*", gate)
    try:
        yield page
    finally:
        context.close()
