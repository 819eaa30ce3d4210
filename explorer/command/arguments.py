"""The options of `laf`, their help and their checks, derived from settings."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from explorer import __version__, params
from explorer.command.experiment_options import add_figures, add_table, add_warmup
from explorer.command.image_options import add_label, add_train
from explorer.command.options import (
    HIGHEST_PORT,
    add_checkpoint,
    add_command,
    add_settings,
    count,
    fill_in,
    place,
    port,
)
from explorer.scenes.images import SAMPLES
from explorer.scenes.voronoi import KINDS
from explorer.settings import Number

SCENES = (*KINDS, *SAMPLES)

SCENE_OPTIONS = (Number(params.SIZE), Number(params.NOISE), Number(params.SEED))

FLOW_OPTIONS = (Number(params.RHO), Number(params.RADIUS), Number(params.TIME))

LEARNING_OPTIONS = (
    Number(params.DIM), Number(params.RANK), Number(params.STEP), Number(params.TAU),
    Number(params.STEPS),
)  # fmt: skip

LABELS_COUNT = Number(params.LABELS, "labels_count")
"""`--labels` names a file."""

ABOUT = """\
Explore linearized assignment flows for image labeling.

Without a command, `laf` opens the dashboard in the browser and serves it until Ctrl-C.
"""

ABOUT_LEARN = """\
Learn the weights of one labeled scene without a dashboard.

The command prints one line per step (loss, share of wrongly labeled pixels). It writes
the trace, the weights, the scene and the labeling to a netCDF file, and beside it a
report for any browser. Ctrl-C stops learning and writes the steps taken so far.
"""


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options; `options.run(options)` carries them out.

    `options.complain(message)` ends the process as a wrong argument does: with the
    usage, the message and exit code 2.
    """
    parser = build()
    options = parser.parse_args(arguments)
    if options.lab and options.max_kernels is not None:
        options.complain("--max-kernels is for pages; JupyterLab starts any number")
    if options.command is not None:
        check_alone(options)
        options.check(options)
    return options


def build() -> argparse.ArgumentParser:
    """Return the parser of `laf` and its command `learn`."""
    parser = argparse.ArgumentParser(
        prog="laf",
        description=ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"laf {__version__}")
    parser.add_argument(
        "--lab",
        action="store_true",
        help="open JupyterLab with a copy of the notebooks in the working directory",
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="print the address only"
    )
    parser.add_argument(
        "--port",
        type=port,
        metavar="N",
        help=f"port on 127.0.0.1, 1 to {HIGHEST_PORT} (default: a free one)",
    )
    parser.add_argument(
        "--max-kernels",
        type=count,
        metavar="N",
        help="most pages at a time, each with a kernel of its own; one of the kernels "
        "waits for the next page (default: as many as fit into memory)",
    )
    parser.set_defaults(run=run_serve, complain=parser.error)
    commands = parser.add_subparsers(
        dest="command", metavar="{learn,train,label,table,figures,warmup}"
    )
    add_learn(commands)
    add_train(commands)
    add_label(commands)
    add_table(commands)
    add_figures(commands)
    add_warmup(commands)
    return parser


def add_learn(commands: Any) -> None:
    """Add the command `learn` with its options."""
    texts = "learn without a dashboard, write netCDF and a report", ABOUT_LEARN
    learn = add_command(commands, "learn", texts, run_learn, check_learn)
    scene = learn.add_argument_group("scene")
    add_scene(scene)
    add_settings(scene, *SCENE_OPTIONS)
    add_settings(learn.add_argument_group("flow"), *FLOW_OPTIONS)
    add_settings(learn.add_argument_group("learning"), *LEARNING_OPTIONS)
    result = learn.add_argument_group("result")
    add_checkpoint(result)
    result.add_argument(
        "--out",
        type=place,
        default=Path("run.nc"),
        metavar="FILE.nc",
        help="netCDF file to write, with FILE.html beside it; files of these names are "
        "replaced (default: %(default)s)",
    )


def add_scene(group: Any) -> None:
    """Add the options that choose the image to label."""
    source = group.add_mutually_exclusive_group()
    source.add_argument(
        "--scene",
        choices=SCENES,
        default=None,
        help="random Voronoi cells in eight colors, thin lines between such cells, or "
        f"a bundled photo: {', '.join(SCENES)} (default: {KINDS[0]})",
        metavar="NAME",
    )
    source.add_argument(
        "--image", type=place, metavar="FILE", help="your own image, in its own size"
    )
    truth = group.add_mutually_exclusive_group()
    truth.add_argument(
        "--labels",
        type=place,
        metavar="FILE",
        help="image of the same size whose distinct colors are the true labels; "
        "only with --image",
    )
    add_settings(truth, LABELS_COUNT)


def check_alone(options: argparse.Namespace) -> None:
    """Complain about options of the dashboard beside a command."""
    numbers = options.port, options.max_kernels
    if options.lab or options.no_browser or any(n is not None for n in numbers):
        options.complain(
            "--lab, --no-browser, --port and --max-kernels have no meaning for "
            f"{options.command}"
        )


def check_learn(options: argparse.Namespace) -> None:
    """Complain about options that contradict each other, then fill in the defaults."""
    complain = options.complain
    if options.image is not None and options.size is not None:
        complain("--size scales a scene; an image keeps its own size: scale it first")
    if options.labels is not None and options.image is None:
        complain("--labels FILE needs --image FILE, whose true labels it holds")
    drawn = options.image is None and options.scene not in SAMPLES
    if options.labels_count is not None and drawn:
        complain(f"--labels-count is for images; {KINDS} have their own labels")
    fill_in(options, *SCENE_OPTIONS, *FLOW_OPTIONS, *LEARNING_OPTIONS, LABELS_COUNT)
    if options.scene is None:
        options.scene = KINDS[0]


def run_serve(options: argparse.Namespace) -> int:
    """Carry out `laf`."""
    from explorer.command.serve import serve

    return serve(options)


def run_learn(options: argparse.Namespace) -> int:
    """Carry out `laf learn`."""
    from explorer.command.learn import learn

    return learn(options)
