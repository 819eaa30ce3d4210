"""Servers on a copy of the notebooks, shared by the tests of a session; pages apart."""

import os
import shutil
from pathlib import Path

import pytest

from tests.servers import ROOT, jupyter, open_browser, open_page


@pytest.fixture(scope="session")
def workdir(tmp_path_factory):
    # a copy: JupyterLab saves notebooks by itself
    folder = tmp_path_factory.mktemp("work") / "notebooks"
    skip = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__")
    shutil.copytree(ROOT / "notebooks", folder, ignore=skip)
    return folder


@pytest.fixture(scope="session")
def lab(workdir, tmp_path_factory):
    with jupyter("lab", workdir, tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="session")
def voila(workdir, tmp_path_factory):
    with jupyter("voila", workdir, tmp_path_factory.mktemp("voila")) as server:
        yield server


@pytest.fixture(scope="session")
def browser():
    with open_browser() as chromium:
        yield chromium


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


FAILED = pytest.StashKey[bool]()


@pytest.fixture
def page(browser, request, tmp_path):
    with open_page(browser) as opened:
        yield opened
        pictures = os.environ.get("LAF_SCREENSHOTS")  # a folder to look at afterwards
        if pictures or request.node.stash.get(FAILED, False):
            folder = Path(pictures or tmp_path)
            folder.mkdir(parents=True, exist_ok=True)
            opened.screenshot(path=folder / f"{request.node.name}.png", full_page=True)
