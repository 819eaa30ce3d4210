"""A kernel that is interrupted stops learning, in a cell and between cells."""

import time

import pytest
from jupyter_client.manager import start_new_kernel

pytestmark = pytest.mark.slow  # processes, servers or whole trainings

BEGIN = """import explorer as ex
app = ex.LearningExplorer(size=8, noise=0.3)
assert app.wait()
app.run(1_000_000)"""
SAY = "assert app.wait(5); print(app.frame.step, app.frame.running)"


@pytest.fixture
def kernel():
    manager, client = start_new_kernel(kernel_name="python3")
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(client, code):
    """Run a cell; return what it prints and how it ends."""
    said = []
    reply = client.execute_interactive(
        code,
        timeout=60,
        output_hook=lambda m: said.append(m["content"].get("text", "")),
    )
    return "".join(said), reply["content"]["status"]


def test_an_interrupt_between_cells_stops_learning(kernel):
    manager, client = kernel
    assert run(client, BEGIN)[1] == "ok"
    wait = "import time; time.sleep(0.5); print(app.frame.running)"
    assert run(client, wait)[0] == "True\n"
    time.sleep(0.5)
    manager.interrupt_kernel()
    time.sleep(0.5)
    said, status = run(client, SAY)
    assert status == "ok"
    assert "interrupted False" in said


def test_an_interrupt_of_a_cell_stops_learning_too(kernel):
    manager, client = kernel
    assert run(client, BEGIN)[1] == "ok"
    client.execute("import time; time.sleep(60)", stop_on_error=False)
    time.sleep(1.0)
    manager.interrupt_kernel()
    said, _ = run(client, SAY)
    assert "interrupted False" in said
