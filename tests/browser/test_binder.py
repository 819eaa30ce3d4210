"""binder/: the rules its files must keep, and a rehearsal of what Binder does.

Binder installs requirements.txt, copies the repository, runs postBuild, and starts
JupyterLab through `start` behind a base URL of its own.
"""

import os
import re
import secrets
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.browser.pages import wait_for_picture
from tests.servers import ROOT, free_port, serve

BINDER = ROOT / "binder"
BASE_URL = "/user/x-abc123/"
NOTEBOOK = "notebooks/explore_learning.ipynb"
MATHJAX = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/"
"""Inside JupyterLab's server, Voila asks for MathJax; the page does without it."""

UNREACHABLE = "Failed to load resource: net::ERR_FAILED"
UNTRACKED = shutil.ignore_patterns(
    ".git", ".*_cache", ".venv", "__pycache__", "node_modules", "build", "dist"
)


def name_of(requirement):
    """Return the name of a requirement as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()


@pytest.fixture(scope="module")
def pins():
    lines = (BINDER / "requirements.txt").read_text().splitlines()
    return dict(re.fullmatch(r"([\w.-]+)==([\w.]+)", line).groups() for line in lines)


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_every_dependency_is_pinned_and_no_test_tool(pins, project):
    pinned = {name_of(name) for name in pins}
    needed = project["dependencies"] + project["optional-dependencies"]["app"]
    assert {name_of(r) for r in needed} <= pinned
    # a local path would make Binder copy the repository first and cache nothing
    assert project["name"] not in pinned
    assert not {"pytest", "playwright", "torch"} & pinned


def test_the_pins_that_are_known_to_work_together(pins):
    # live learning is dead under ipykernel 7.0; Binder's own image has had that version
    versions = {"ipykernel": "7.4.0", "jupyterlab": "4.6.6", "voila": "0.5.13"}
    assert versions.items() <= pins.items()
    assert (BINDER / "runtime.txt").read_text() == "python-3.11\n"


@pytest.mark.parametrize("script", ["postBuild", "start"])
def test_the_scripts_can_be_run(script):
    assert os.access(BINDER / script, os.X_OK)
    text = (BINDER / script).read_text()
    assert text.startswith("#!/bin/bash\n")
    if script == "start":
        assert text.endswith('exec "$@"\n')
    else:
        assert "set -euo pipefail" in text


def python_of_binder():
    """Return a Python 3.11, or ours if there is none."""
    return shutil.which("python3.11") or sys.executable


def check_call(*command, cwd, env):
    """Run a command to its end; fail with what it said."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"{command} failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")


@pytest.fixture(scope="module")
def binder(tmp_path_factory):
    """Build what Binder would build; return the repository and the environment."""
    if os.environ.get("LAF_TEST_BINDER") != "1":
        pytest.skip("builds a whole environment: set LAF_TEST_BINDER=1 to do so")
    folder = tmp_path_factory.mktemp("binder")
    home, prefix = folder / "home", folder / "env"
    shutil.copytree(ROOT, home, ignore=UNTRACKED)
    subprocess.run([python_of_binder(), "-m", "venv", str(prefix)], check=True)
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    env["PATH"] = os.pathsep.join([str(prefix / "bin"), env["PATH"]])
    env["NB_PYTHON_PREFIX"] = str(prefix)
    pip = "python", "-m", "pip", "install", "--quiet"
    check_call(*pip, "-r", "binder/requirements.txt", cwd=home, env=env)
    check_call("python", "-m", "pip", "check", cwd=home, env=env)
    check_call("binder/postBuild", cwd=home, env=env)
    return home, env


@pytest.mark.binder
@pytest.mark.browser
def test_the_dashboard_opens_behind_the_address_of_a_visitor(binder, page, tmp_path):
    home, env = binder
    prefix, port = Path(env["NB_PYTHON_PREFIX"]), free_port()
    token = secrets.token_hex(16)
    line = [
        str(home / "binder/start"), str(prefix / "bin/jupyter"), "lab", "--no-browser",
        "--allow-root", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0", f"--ServerApp.base_url={BASE_URL}",
        f"--ServerApp.root_dir={home}", f"--IdentityProvider.token={token}",
    ]  # fmt: skip
    changes = {"PATH": env["PATH"], "PYTHONPATH": ""}
    with serve(line, port, tmp_path, BASE_URL, **changes):
        base = f"http://127.0.0.1:{port}{BASE_URL}"
        page.goto(f"{base}voila/render/{NOTEBOOK}?token={token}")
        wait_for_picture(page)
        assert page.get_by_role("slider", name="time T", exact=True).is_visible()
        assert all(MATHJAX in url for url in page.watch.external)
        assert set(page.watch.problems) <= {"console: " + UNREACHABLE}


@pytest.mark.binder
def test_the_environment_has_the_settings_and_the_page(binder):
    _, env = binder
    share = Path(env["NB_PYTHON_PREFIX"], "share/jupyter")
    overrides = share / "lab/settings/overrides.json"
    assert overrides.read_text() == (BINDER / "overrides.json").read_text()
    assert (share / "voila/templates/explorer/index.html.j2").is_file()
