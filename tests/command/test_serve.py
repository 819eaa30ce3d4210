"""`laf`: finding and copying notebooks, failures, and one run from end to end."""

import re
import signal
import socket
import sys
import types
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from explorer import extras
from explorer.command import main, serve, server
from explorer.command.interrupts import Interrupts
from explorer.command.notebooks import APP, copy_notebooks, find_notebooks
from explorer.command.serve import SERVER, Page, attend, places
from tests.command.processes import laf, read_until, started
from tests.servers import ROOT

pytestmark = pytest.mark.slow


class Unredirected(urllib.request.HTTPRedirectHandler):
    """A redirection is an answer, not something to follow."""

    def redirect_request(self, *arguments):
        return None


def ask(url):
    """Return status, Location and body of an answer."""
    opener = urllib.request.build_opener(Unredirected, urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=60) as answer:
            return answer.status, "", answer.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.headers.get("Location", ""), ""


def test_notebooks_of_a_checkout_lie_beside_the_package():
    assert (find_notebooks() / APP).is_file()


def test_notebooks_of_an_installation_lie_in_the_package(tmp_path, monkeypatch):
    package = tmp_path / "explorer"
    for folder in (package / "notebooks", tmp_path / "notebooks"):
        folder.mkdir(parents=True)
        (folder / APP).touch()
    monkeypatch.setattr("explorer.__file__", str(package / "__init__.py"))
    assert find_notebooks() == package / "notebooks"


def test_missing_notebooks_are_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("explorer.__file__", str(tmp_path / "x" / "__init__.py"))
    assert main([]) == 1
    assert APP in capsys.readouterr().err


def test_a_copy_leaves_edited_notebooks_alone(tmp_path):
    first = copy_notebooks(find_notebooks(), tmp_path)
    (first.folder / APP).write_text("mine")
    (first.folder / "first_steps.ipynb").unlink()
    second = copy_notebooks(find_notebooks(), tmp_path)
    assert first.kept == ()
    assert set(second.kept) == set(first.new) - {"first_steps.ipynb"}
    assert "first_steps.ipynb" in second.new
    assert (first.folder / APP).read_text() == "mine"
    assert APP in str(second).partition("left as they were: ")[2]


@pytest.mark.parametrize(
    ("option", "package"), [("", "Voila"), ("--lab", "JupyterLab")]
)
def test_without_the_extra_app_the_cure_is_named(option, package, monkeypatch, capsys):
    monkeypatch.setattr(extras, "installed", lambda module: False)
    assert main(["--no-browser", *filter(None, [option])]) == 1
    said = capsys.readouterr().err
    cure = 'run pip install ".[app]" in a checkout'
    assert said.startswith(f"laf: error: `laf` needs {package}, which is not installed")
    assert cure in said
    assert 'pip install ".[app]"' in (ROOT / "README.md").read_text(encoding="utf-8")


def test_a_taken_port_is_named(capsys):
    with socket.socket() as taken:
        taken.bind((server.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main([f"--port={port}", "--no-browser"]) == 1
    err = capsys.readouterr().err
    assert f"port {port} on 127.0.0.1 cannot be used" in err
    assert "choose another one" in err


def test_the_log_of_a_server_that_dies_is_shown(tmp_path, capsys):
    script = "import sys; print('no such extension'); sys.exit(3)"
    page = Page("The dashboard", [sys.executable, "-c", script], "")
    base = f"http://{server.HOST}:{server.free_port()}/"
    assert attend(page, base, tmp_path, None, Interrupts()) == 1
    assert "no such extension" in capsys.readouterr().err


def test_a_server_that_hangs_is_ended(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(server, "PATIENCE", 0.2)
    script = "import time; time.sleep(60)"
    page = Page("The dashboard", [sys.executable, "-c", script], "")
    base = f"http://{server.HOST}:{server.free_port()}/"
    assert attend(page, base, tmp_path, None, Interrupts()) == 1
    assert "did not answer" in capsys.readouterr().err


def test_as_many_kernels_as_fit_into_memory_at_least_one(monkeypatch):
    memory = types.SimpleNamespace(available=0)
    monkeypatch.setattr(serve.psutil, "virtual_memory", lambda: memory)
    assert places() == 1
    memory.available = 10 * serve.NEED
    assert places() == 8
    memory.available *= 2
    assert places() == 16


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--max-kernels", "0"], "must be an integer from 1"),
        (["--max-kernels", "many"], "must be an integer from 1"),
        (["--lab", "--max-kernels", "2"], "--max-kernels is for pages"),
        (["--max-kernels", "2", "warmup"], "have no meaning for warmup"),
    ],
)
def test_wrong_numbers_of_kernels_are_named(arguments, said, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert said in capsys.readouterr().err


def test_the_limit_reaches_the_server(tmp_path):
    page = serve.voila(find_notebooks() / APP, 1, 3)
    assert "--Places.most=3" in page.command
    assert "up to 3 pages" in page.title
    assert "up to one page " in serve.voila(find_notebooks() / APP, 1, 1).title


def test_no_setting_of_the_user_reaches_the_server(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", "/home/me/.jupyter")
    monkeypatch.setenv("JUPYTER_PATH", "/home/me/kernels")
    monkeypatch.setenv("JUPYTERHUB_ANYTHING", "1")
    env = server.private_environment(tmp_path, "secret")
    jupyter = {k: v for k, v in env.items() if k.startswith("JUPYTER")}
    assert not any("/home/me" in value for value in jupyter.values())
    assert jupyter.pop("JUPYTER_TOKEN") == "secret"
    assert jupyter.pop("JUPYTER_PREFER_ENV_PATH") == "1"
    assert all(Path(value).is_relative_to(tmp_path) for value in jupyter.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", [p.name for p in find_notebooks().glob("*.ipynb")])
def test_notebooks_are_clean(name):
    import nbformat  # loads for seconds

    notebook = nbformat.read(find_notebooks() / name, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert len(notebook.cells) <= 15
    for cell in notebook.cells:
        assert len(cell.source.splitlines()) <= 10
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.parametrize("lab", [False, True])
def test_from_start_to_ctrl_c(lab, tmp_path):
    options = ["--no-browser", *(["--lab"] if lab else [])]
    with started(*options, cwd=tmp_path) as process:
        text = read_until(process, "?token=")
        url = re.search(r"http://127\.0\.0\.1:(\d+)/\S*token=[0-9a-f]{32}", text)
        page, port = url[0].split("?")[0], int(url[1])
        for wrong in ("", "?token=", f"?token={'0' * 32}"):
            status, place, _ = ask(page + wrong)
            assert (status, place.split("?")[0]) == (302, "/login")
        status, _, body = ask(url[0])
        assert status == 200
        assert lab or "kernelId" in body
        family = psutil.Process(process.pid).children(recursive=True)
        # the process that compiles ahead may just have ended
        family = [p for p in family if p.status() != psutil.STATUS_ZOMBIE]
        (serving,) = [p for p in family if {SERVER, "jupyterlab"} & set(p.cmdline())]
        kernels = [p for p in family if "ipykernel_launcher" in p.cmdline()]
        # the kernel for the next page starts REFILL seconds after the first page
        assert len(kernels) in ({0} if lab else {1, 2})
        listening = {c.laddr.ip for c in serving.net_connections("tcp")}
        assert listening == {server.HOST}
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert out.endswith("Stopped.\n")
    assert not [p for p in family if p.is_running()]
    with socket.socket() as probe:
        assert probe.connect_ex((server.HOST, port)) != 0
    left = [p.name for p in tmp_path.iterdir()]
    assert left == (["assignment-flow-notebooks"] if lab else [])


def test_the_installed_script_serves_the_installed_notebooks(tmp_path):
    """Say which of the two layouts the test above has seen."""
    if len(laf()) > 1:
        assert find_notebooks().parent.joinpath("pyproject.toml").is_file()
        return
    with started("--no-browser", cwd=tmp_path) as process:
        read_until(process, "?token=")
        # beside the server, kernels may be compiled
        family = psutil.Process(process.pid).children()
        words = [word for child in family for word in child.cmdline()]
        notebook = Path(next(word for word in words if word.endswith(APP)))
        assert notebook.is_file()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 0
