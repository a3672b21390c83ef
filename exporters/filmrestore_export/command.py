"""`filmrestore export`: nets into files.

Light to import: torch and onnx come when they are used.
"""

from __future__ import annotations

from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from filmrestore_core.errors import MissingExtraError, SettingsError
from filmrestore_core.models.store import Model, ModelStore, default_user_folder, open_lone
from filmrestore_core.models.whole_file import write_whole
from filmrestore_core.yamlfile import read_yaml

if TYPE_CHECKING:
    from filmrestore_core.models.card import ModelCard

app = typer.Typer(
    name="export",
    help="Write nets as ONNX or TensorRT; needs the extra 'export'.",
    no_args_is_help=True,
)


class NumberKind(StrEnum):
    """In what numbers the written graph computes."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"


class Builder(StrEnum):
    """Who builds a TensorRT engine."""

    TENSORRT = "tensorrt"
    ONNXRUNTIME = "onnxruntime"


Source = Annotated[
    str,
    typer.Argument(
        metavar="CHECKPOINT|FILE.onnx|MODEL",
        help="A training's .safetensors, a model file, or a model's id.",
        show_default=False,
    ),
]
Store = Annotated[
    Path | None,
    typer.Option("--store", metavar="FOLDER", help="Where models by id are looked for too."),
]


@app.command("onnx")
def export_onnx_command(
    source: Source,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE.onnx", help="The file to write.")
    ],
    card: Annotated[
        Path | None,
        typer.Option(
            "--card",
            metavar="CARD.yaml",
            help="What the model is: id, version, license, and what the net cannot say itself.",
        ),
    ] = None,
    precision: Annotated[
        NumberKind,
        typer.Option("--precision", help="float16 writes a variant, with what it costs."),
    ] = NumberKind.FLOAT32,
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", metavar="OPERATOR", help="Stays float32 in a float16 variant."),
    ] = None,
    logits: Annotated[
        bool, typer.Option("--logits", help="The net gives logits; put a sigmoid behind it.")
    ] = False,
    bound: Annotated[
        float | None,
        typer.Option(
            "--bound",
            help="Largest difference allowed, of a float16 variant from float32, else from torch; "
            "without it the card's tolerance, or 0.02 for float16.",
        ),
    ] = None,
    store: Store = None,
    shelf: Annotated[
        Path | None,
        typer.Option(
            "--publish", metavar="FOLDER", help="Put the written file onto this shelf as well."
        ),
    ] = None,
) -> None:
    """Write a net as ONNX, compared with torch and refused where they differ."""
    _need("onnx")
    if not source.endswith(".safetensors"):
        if precision is NumberKind.FLOAT32:
            raise SettingsError(
                f"'{source}' is ONNX already.", hint="--precision float16 writes a variant of it"
            )
        _halve(_find(source, store), out, keep or [], bound)
    elif precision is NumberKind.FLOAT32:
        _from_checkpoint(Path(source), out, card, logits, bound)
    else:
        with TemporaryDirectory() as folder:
            whole = Path(folder) / "whole.onnx"
            _from_checkpoint(Path(source), whole, card, logits, None)
            _halve(open_lone(whole), out, keep or [], bound)
    if shelf is not None:
        publish_command(out, shelf)


@app.command("tensorrt")
def export_tensorrt_command(
    source: Source,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where engines are kept.")
    ],
    by: Annotated[
        Builder, typer.Option("--by", help="TensorRT itself, or ONNX Runtime's provider.")
    ] = Builder.TENSORRT,
    store: Store = None,
) -> None:
    """Build a TensorRT engine; it takes minutes, and only this GPU can use it."""
    _need("onnx")
    from filmrestore_export.operators import check_operators
    from filmrestore_export.tensorrt_engine import build_by_runtime, build_by_tensorrt

    model = _find(source, store)
    report = check_operators(model.content)
    for sentence in (*report.faults, *report.caveats):
        typer.echo(sentence, err=True)
    if by is Builder.TENSORRT:
        typer.echo(build_by_tensorrt(model, out))
        return
    for path in build_by_runtime(model, out):
        typer.echo(path)


@app.command("check")
def check_command(source: Source, store: Store = None) -> None:
    """Say whether TensorRT takes a model's operators; needs no TensorRT."""
    _need("onnx")
    from filmrestore_export.operators import check_operators

    model = _find(source, store)
    report = check_operators(model.content)
    for sentence in (*report.faults, *report.caveats):
        typer.echo(sentence)
    verdict = "takes every operator" if report.fits else "refuses it"
    typer.echo(f"{model.card.name}: TensorRT {report.tensorrt} {verdict}.")
    raise typer.Exit(0 if report.fits else 1)


@app.command("publish")
def publish_command(
    file: Annotated[Path, typer.Argument(metavar="FILE.onnx", help="It carries its card.")],
    store: Annotated[Path, typer.Option("--store", metavar="FOLDER", help="The shelf.")],
) -> None:
    """Put a written file onto a store's shelf, with its line in the manifest."""
    from filmrestore_export.publish import publish

    typer.echo(f"{publish(file, store).name} stands in {store} now.")


def _from_checkpoint(
    source: Path, out: Path, card: Path | None, logits: bool, bound: float | None
) -> None:
    _need("torch")
    if card is None:
        raise SettingsError(
            f"'{source}' says what net it is, but not what to call it.",
            hint="name a file with id, version and license by --card",
        )
    from filmrestore_export.checkpoint import complete_card, open_checkpoint
    from filmrestore_export.onnx_graph import export_onnx
    from filmrestore_export.wrap import Activation

    net, spec = open_checkpoint(source)
    meant = complete_card(read_yaml(card).values, spec, where=str(card))
    activation = Activation.SIGMOID if logits else Activation.NONE
    done = export_onnx(net, meant, out, activation=activation, bound=bound)
    for note in done.notes:
        typer.echo(note, err=True)
    _say(done.card, out, done.parity.largest, done.parity.mean, "from torch")


def _halve(model: Model, out: Path, keep: list[str], bound: float | None) -> None:
    from filmrestore_export.precision import DEFAULT_BOUND, half_precision

    limit = DEFAULT_BOUND if bound is None else bound
    content, made, parity = half_precision(model.content, model.card, keep=keep, bound=limit)
    write_whole(out, content)
    _say(made, out, parity.largest, parity.mean, "from float32")


def _say(card: ModelCard, out: Path, largest: float, mean: float, what: str) -> None:
    typer.echo(f"{out}: {card.name}, at most {largest:.2e} {what} (mean {mean:.2e}).")


def _find(source: str, store: Path | None) -> Model:
    if source.endswith(".onnx"):
        return open_lone(Path(source))
    return ModelStore(default_user_folder() if store is None else store).open(source)


def _need(package: str) -> None:
    if find_spec(package) is None:
        raise MissingExtraError(
            f"Exporting needs {package}.", hint="pip install 'filmrestore[export]'"
        )
