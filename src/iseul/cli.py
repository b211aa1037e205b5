# SPDX-License-Identifier: Apache-2.0
"""The command line: arguments in, one call out.

Exit codes: 0 done, 1 the work failed (a broken budget too), 2 wrong use. With `--json` one
JSON object goes to stdout and nothing else; people's lines and progress go to stderr.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

import iseul
from iseul.core import progress
from iseul.core.errors import DataError, IseulError, UsageError, VerifyError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

app = typer.Typer(
    name="iseul",
    help="Data and a task in, AI that is proven on a device out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

RecipeArg = Annotated[Path, typer.Argument(help="recipe file (TOML)", show_default=False)]
ModelArg = Annotated[Path, typer.Argument(help=".iseul, .tflite or .pt2 file", show_default=False)]
Board = Annotated[str, typer.Option("--target", help="board; see: iseul list boards")]
Json = Annotated[bool, typer.Option("--json", help="one JSON object on stdout")]
Inputs = Annotated[
    Path | None, typer.Option("--inputs", help="npz with input_0, input_1, ...: (n, *shape)")
]
Without = Annotated[
    list[str] | None, typer.Option("--without", help="leave a pass out; may be given again")
]
Goal = Annotated[str, typer.Option("--goal", help="speed, ram or flash")]
Stateful = Annotated[
    bool, typer.Option("--stateful", help="samples are consecutive steps; state is kept")
]
Stream = Annotated[
    bool, typer.Option("--stream", help="frame by frame in place of window by window")
]
StreamAxis = Annotated[
    int | None, typer.Option("--stream-axis", help="axis of the input that is time, if not clear")
]
StreamHop = Annotated[
    int | None, typer.Option("--stream-hop", min=1, help="frames per invoke; the least by default")
]
Out = Annotated[Path | None, typer.Option("--out", help="folder to write")]
Tiny = Annotated[bool, typer.Option("--tiny", help="small and quick: the recipe's [tiny] table")]
Sets = Annotated[list[str] | None, typer.Option("--set", help="override, such as condense.ipc=1")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="print the resolved recipe and stop")]


@app.callback()
def _options(
    verbose: Annotated[
        int, typer.Option("-v", count=True, help="more lines: -v stages, -vv passes, -vvv rewrites")
    ] = 0,
) -> None:
    progress.set_verbosity(verbose)


def main() -> NoReturn:
    """Entry point: runs a command and turns every IseulError into one clear message."""
    wants_json = "--json" in sys.argv[1:]
    try:
        code = app(standalone_mode=False)
    except IseulError as error:
        _fail(error, wants_json)
    except typer.Abort:
        progress.say("aborted")
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        progress.say("interrupted; finished stages are kept, run again to go on")
        raise SystemExit(130) from None
    except OSError as error:
        _fail(DataError(f"{error.filename or 'file'}: {error.strerror or error}"), wants_json)
    except Exception as error:
        show = getattr(error, "format_message", None)  # click's usage errors
        if show is None:
            raise
        _fail(UsageError(show(), "iseul --help"), wants_json)
    raise SystemExit(code if isinstance(code, int) else 0)


def _fail(error: IseulError, wants_json: bool) -> NoReturn:
    progress.say(f"error: {error}")
    if wants_json:
        _print({"error": {"kind": type(error).__name__, "is": error.problem, "try": error.remedy}})
    raise SystemExit(error.exit_code)


def _print(value: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(value, indent=2) + "\n")


def _emit(value: Mapping[str, Any], as_json: bool, show: Callable[[], object]) -> None:
    """The result: JSON on stdout, or `show()`'s renderable there."""
    if as_json:
        _print(value)
        return
    from rich.console import Console

    wide = None if sys.stdout.isatty() else 120  # a pipe has no width of its own
    Console(highlight=False, width=wide).print(show(), markup=False)


# --- runs


@app.command()
def run(
    recipe: RecipeArg,
    tiny: Tiny = False,
    set_: Sets = None,
    from_: Annotated[str | None, typer.Option("--from", help="redo from this stage on")] = None,
    only: Annotated[str | None, typer.Option("--only", help="this stage alone")] = None,
    out: Out = None,
    dry_run: DryRun = False,
    json_: Json = False,
) -> None:
    """Run a recipe: data to a proven device. Resumes; skips what is up to date."""
    _run(recipe, tiny, set_, out, dry_run, json_, start=from_, only=only)


def _stage_command(stage: str) -> Callable[..., None]:
    def command(
        recipe: RecipeArg,
        tiny: Tiny = False,
        set_: Sets = None,
        out: Out = None,
        dry_run: DryRun = False,
        json_: Json = False,
    ) -> None:
        _run(recipe, tiny, set_, out, dry_run, json_, until=stage)

    command.__doc__ = f"Run a recipe up to its {stage} stage."
    return command


for _stage in ("train", "compress"):
    app.command(_stage)(_stage_command(_stage))


@app.command()
def condense(
    recipe: RecipeArg,
    tiny: Tiny = False,
    set_: Sets = None,
    evaluate: Annotated[
        bool, typer.Option("--evaluate", help="judge the set: fresh networks learn from it alone")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="with --evaluate: all that a report needs; takes long")
    ] = False,
    as_: Annotated[
        str | None,
        typer.Option("--as", help="put the set to a use: calibration, proxy or replay"),
    ] = None,
    out: Out = None,
    dry_run: DryRun = False,
    json_: Json = False,
) -> None:
    """Run a recipe up to its condense stage."""
    how = "full" if full else "quick" if evaluate else ""
    if as_ is None or dry_run:
        _run(recipe, tiny, set_, out, dry_run, json_, how, until="condense")
        return
    from iseul.pipeline.recipe import read_recipe
    from iseul.pipeline.use import use_set

    made = read_recipe(recipe, set_ or (), tiny, how)
    value, text = use_set(made, out or _folder_of(made.name, tiny), as_)
    _emit(value, json_, lambda: text)


def _folder_of(name: str, tiny: bool) -> Path:
    return Path("runs") / (name + ("-tiny" if tiny else ""))


def _run(
    path: Path,
    tiny: bool,
    sets: list[str] | None,
    out: Path | None,
    dry_run: bool,
    as_json: bool,
    evaluate: str = "",
    **stages: str | None,
) -> None:
    from iseul.pipeline import run_recipe
    from iseul.pipeline.recipe import read_recipe
    from iseul.report.terminal import summary_table

    recipe = read_recipe(path, sets or (), tiny, evaluate)
    if dry_run:
        _print(recipe.dump())
        return
    folder = out or _folder_of(recipe.name, tiny)
    result = run_recipe(recipe, folder, **stages)
    if "report" in result.summary["stages"]:  # one that an earlier run left may be of another set
        progress.say(f"report    {folder / 'report' / 'report.html'}")
    else:
        progress.say(f"report    not written; iseul report {folder} makes it")
    _emit(result.summary, as_json, lambda: summary_table(folder))
    if result.broken is not None:
        progress.say(f"error: {result.broken}")
        raise SystemExit(result.broken.exit_code)


@app.command()
def export(
    set_: Annotated[Path, typer.Argument(help="condensed set (.dew)", show_default=False)],
    format_: Annotated[str, typer.Option("--format", help="c or npz")] = "c",
    per_class: Annotated[
        int | None, typer.Option("--per-class", help="the first n samples of each class")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="of the files and in the C")] = None,
    out: Out = None,
    json_: Json = False,
) -> None:
    """Write a condensed set as C99 for a chip, or as npz."""
    from iseul import commands

    value = commands.export_set(set_, format_, per_class, name, out)
    _emit(value, json_, lambda: commands.export_lines(value))


# --- models


@app.command("compile")
def compile_(
    model: ModelArg,
    target: Board,
    goal: Goal = "speed",
    format_: Annotated[str, typer.Option("--format", help="what to write; see: iseul list")] = "c",
    out: Out = None,
    without: Without = None,
    stream: Stream = False,
    stream_axis: StreamAxis = None,
    stream_hop: StreamHop = None,
    json_: Json = False,
) -> None:
    """Compile a model to C99 for a board."""
    from iseul import commands

    how = commands.stream_options(stream, stream_axis, stream_hop)
    value = commands.compile_model(model, target, goal, format_, out, without or (), how)
    _emit(value, json_, lambda: commands.compile_lines(value))


@app.command()
def profile(
    model: ModelArg,
    target: Board,
    inputs: Inputs = None,
    compiler: Annotated[str | None, typer.Option(help="gcc or clang")] = None,
    goal: Goal = "speed",
    without: Without = None,
    stream: Stream = False,
    stream_axis: StreamAxis = None,
    stream_hop: StreamHop = None,
    json_: Json = False,
) -> None:
    """Count instructions, RAM and flash of a model on the emulated board, node by node."""
    from iseul import commands

    how = commands.stream_options(stream, stream_axis, stream_hop)
    value = commands.profile_model(model, target, inputs, compiler, goal, without or (), how)
    _emit(value, json_, lambda: commands.profile_table(value))


@app.command()
def predict(
    model: ModelArg,
    inputs: Annotated[Path, typer.Option(help="npz with input_0, ...: (n, *shape)")],
    outputs: Annotated[Path, typer.Option(help="npz to write: output_0, ...")],
    on: Annotated[str, typer.Option(help="numpy, host, or a board")] = "numpy",
    stateful: Stateful = False,
    stream: Stream = False,
    stream_axis: StreamAxis = None,
    stream_hop: StreamHop = None,
    json_: Json = False,
) -> None:
    """Run a model on inputs from a file, by the oracle, the host C or an emulated board."""
    from iseul import commands

    how = commands.stream_options(stream, stream_axis, stream_hop)
    value = commands.predict(model, inputs, outputs, on, stateful, how)
    _emit(value, json_, lambda: f"{value['n_inputs']} samples on {on} -> {outputs}")


@app.command()
def verify(
    model: ModelArg,
    target: Annotated[
        str | None, typer.Option("--target", help="board; with --against: host by default")
    ] = None,
    inputs: Inputs = None,
    random: Annotated[int, typer.Option(min=1, help="random samples, without --inputs")] = 8,
    seed: Annotated[int, typer.Option(help="of the random samples")] = 0,
    stateful: Stateful = False,
    against: Annotated[
        str | None, typer.Option("--against", help="another runtime: tflm, litert, onnxruntime")
    ] = None,
    stream: Stream = False,
    stream_axis: StreamAxis = None,
    stream_hop: StreamHop = None,
    json_: Json = False,
) -> None:
    """Prove that oracle, host C and emulated board compute the same; else name the node."""
    from iseul import commands

    how = commands.stream_options(stream, stream_axis, stream_hop)
    if against is not None:
        if stateful or how is not None:
            raise UsageError(
                "--against starts the state fresh for each sample", "no --stateful, no --stream"
            )
        found = commands.verify_against(model, against, target or "host", inputs, random, seed)
        _emit(found, json_, lambda: commands.against_lines(found))
        if found["equal"] is False:
            raise VerifyError(str(found["first_difference"])) if not json_ else SystemExit(1)
        return
    if target is None:
        raise UsageError("verify needs --target or --against", "iseul list boards")
    value = commands.verify(model, target, inputs, random, seed, stateful, how)
    _emit(value, json_, lambda: commands.verdict_lines(value))
    if not value["equal"]:
        raise VerifyError(commands.verdict_lines(value)) if not json_ else SystemExit(1)


@app.command()
def check(
    model: ModelArg,
    target: Board,
    stream: Stream = False,
    stream_axis: StreamAxis = None,
    stream_hop: StreamHop = None,
    json_: Json = False,
) -> None:
    """Say at once what a board can not do with a model, and the least RAM and flash."""
    from iseul import commands

    value = commands.check(model, target, commands.stream_options(stream, stream_axis, stream_hop))
    _emit(value, json_, lambda: commands.check_table(value))
    if not value["supported"]:
        raise SystemExit(1)


@app.command()
def bench(
    suite: Annotated[str, typer.Argument(help="what to measure: mcu")],
    models: Annotated[
        list[str] | None, typer.Option("--models", help="words of names; may be given again")
    ] = None,
    targets: Annotated[
        list[str] | None, typer.Option("--targets", help="boards; may be given again")
    ] = None,
    inputs: Annotated[
        int, typer.Option("--inputs", help="samples that each row is verified on, at least 200")
    ] = 200,
    page: Annotated[
        Path | None, typer.Option("--page", help="where to write the page, of a part too")
    ] = None,
    json_: Json = False,
) -> None:
    """Measure known models on emulated chips, beside what others need; only what is verified."""
    from iseul import commands

    if suite != "mcu":
        raise UsageError(f'there is no bench "{suite}"', "iseul bench mcu")
    value, shown = commands.bench_mcu(models or (), targets or (), inputs, page)
    _emit(value, json_, lambda: shown)
    if value["page"]:
        progress.say(f"page      {value['page']}")
    if value["wrong"]:
        raise SystemExit(1)


# --- what there is


@app.command("list")
def list_(
    kind: Annotated[str | None, typer.Argument(help="one kind; without it, all")] = None,
    json_: Json = False,
) -> None:
    """List what Iseul has: boards, ops, data sets, methods, kernels, runners."""
    from iseul import catalogue

    value = catalogue.entries(kind)
    _emit(value, json_, lambda: catalogue.entries_table(value))


@app.command()
def show(
    kind: Annotated[str, typer.Argument(help="kind; see: iseul list")],
    name: Annotated[str, typer.Argument(help="entry of that kind")],
    json_: Json = False,
) -> None:
    """Show one entry: what it does, its keys with defaults, its rules."""
    from iseul import catalogue

    value = catalogue.describe(kind, name)
    _emit(value, json_, lambda: catalogue.description(value))


@app.command()
def report(
    run_dir: Annotated[Path, typer.Argument(help="folder of a run", show_default=False)],
    json_: Json = False,
) -> None:
    """Write a run's report again: report.html and report.json."""
    from iseul import commands

    value = commands.report(run_dir)
    _emit(value, json_, lambda: value["report"])


@app.command()
def doctor(json_: Json = False) -> None:
    """Say what works on this machine, what is missing, and the command that installs it."""
    from iseul import catalogue

    value = catalogue.examine()
    _emit(value, json_, lambda: catalogue.health_table(value))
    if not value["ok"]:
        raise SystemExit(1)


@app.command()
def version() -> None:
    """Print the version."""
    sys.stdout.write(f"{iseul.__version__}\n")


if __name__ == "__main__":
    main()
