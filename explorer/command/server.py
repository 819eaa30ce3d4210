"""Run a Jupyter server as a subprocess, and end all of its processes."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

import explorer

HOST = "127.0.0.1"

PATIENCE = 60.0
"""Seconds in which a server must answer; on an idle laptop it takes about four."""

GRACE = 6.0
"""Seconds a server has to end its kernels: it waits 5 s for a busy one itself."""

PAUSE = 0.1
"""Seconds between two checks of the server."""

LOG_LINES = 20

TEMPLATE = Path(explorer.__file__).parent / "kit" / "template"
"""The page around the dashboard; also found if the package was never installed."""

NO_NEWS = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}
"""Settings that stop JupyterLab from requesting news and updates."""

MAIN_SHELL = {"commsOverSubshells": "disabled"}
"""JupyterLab 4.6 sends widget messages to subshells of the kernel, and may delete one
that is in use when a cell runs again: the new widgets are then dead. Nothing here needs
subshells, as computations run in threads of their own."""


def free_port() -> int:
    """Return a free port on the loopback interface."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def check_port(port: int) -> None:
    """Raise OSError with a cure unless a server could listen on `port`."""
    with socket.socket() as probe:
        # as servers do: connections of a server just ended do not block its port
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise OSError(
                f"port {port} on {HOST} cannot be used ({error.strerror}): choose "
                "another one, or leave --port out for a free one"
            ) from error


def kernel(python: Path) -> dict[str, object]:
    """Return the specification of a kernel run by the interpreter `python`."""
    return {
        "argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "metadata": {"debugger": True},
    }


def private_environment(
    folder: Path, token: str, python: Path = Path(sys.executable)
) -> dict[str, str]:
    """Return the environment of a server that reads no settings of the user.

    The user's configuration, startup files, kernels or saved workspaces could break the
    dashboard; the server sees empty folders below `folder` instead, and one kernel: the
    interpreter `python`, which has the package. The token travels in the environment,
    not on the command line, where other users of the machine could read it.
    """
    env = {
        k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "VOILA"))
    }
    names = "CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"
    folders = {f"JUPYTER_{n}": folder / n.lower() for n in names}
    folders["IPYTHONDIR"] = folder / "ipython"
    folders["JUPYTERLAB_SETTINGS_DIR"] = folder / "settings"
    folders["JUPYTERLAB_WORKSPACES_DIR"] = folder / "workspaces"
    folders["JUPYTER_PATH"] = folder / "path"  # searched before all other kernels
    for path in folders.values():
        path.mkdir(parents=True)
    put_json(folder / "path/kernels/python3/kernel.json", kernel(python))
    shutil.copytree(TEMPLATE, folder / "path/voila/templates/explorer")
    news = "@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    put_json(folder / "settings" / news, NO_NEWS)
    comms = "@jupyterlab/apputils-extension/kernels-settings.jupyterlab-settings"
    put_json(folder / "settings" / comms, MAIN_SHELL)
    env.update({name: str(path) for name, path in folders.items()})
    env.update(JUPYTER_PREFER_ENV_PATH="1", JUPYTER_TOKEN=token, PYTHONUNBUFFERED="1")
    return env


def put_json(path: Path, content: object) -> None:
    """Write a JSON file, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


class Server:
    """A server process of its own session, its log, and all that descends from it.

    Parameters
    ----------
    command : what to run; env : its environment.
    folder : where it runs and writes `server.log`.
    """

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], folder: Path
    ) -> None:
        self.log = folder / "server.log"
        with self.log.open("wb") as log:
            self.process = psutil.Popen(
                list(command),
                cwd=folder,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches us, and we end it in order
            )

    @property
    def alive(self) -> bool:
        """Whether the server process runs."""
        return self.process.poll() is None

    def wait_until_ready(
        self, url: str, interrupted: Callable[[], bool] = lambda: False
    ) -> bool:
        """Return True when `url` answers; False if the server died, or `interrupted`.

        Raises
        ------
        TimeoutError
            if the server lives but does not answer.
        """
        deadline = time.monotonic() + PATIENCE
        while self.alive and not interrupted():
            if answers(url):
                return True
            if time.monotonic() > deadline:
                raise TimeoutError(f"the server did not answer within {PATIENCE:g} s")
            time.sleep(PAUSE)
        return False

    def last_words(self) -> str:
        """Return the last lines of the log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-LOG_LINES:])

    def stop(self) -> None:
        """End the server, its kernels, and all of their child processes."""
        end_family(self.process)


def end_family(process: psutil.Process) -> None:
    """End a process and all its descendants; return once none of them runs."""
    family = [process]
    with contextlib.suppress(psutil.NoSuchProcess):
        # kernels lead sessions of their own: found as descendants while the parent runs
        family += process.children(recursive=True)
    with contextlib.suppress(psutil.NoSuchProcess):
        process.terminate()
    for survivor in psutil.wait_procs(family, timeout=GRACE)[1]:
        with contextlib.suppress(psutil.NoSuchProcess):
            survivor.kill()
    psutil.wait_procs(family, timeout=GRACE)


def answers(url: str) -> bool:
    """Return whether a server answers at `url`, even with an HTTP error."""
    # no proxy: a proxy of the user's would be asked for a page on its own loopback
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(url, timeout=2.0).close()
    except urllib.error.HTTPError as refusal:
        refusal.close()
    except OSError:
        return False
    return True
