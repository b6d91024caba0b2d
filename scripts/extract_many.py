"""Who says what in articles by the million: an extractor as a datatrove pipeline, here or on a cluster.

    python scripts/extract_many.py news/ --model build/extractor/model-best --output found --tasks 8 --workers 2

Out come `documents/` and `claims/`, a Parquet file of each for every task, with the columns of the dataset's configs,
and `failures/`, with each article of which nothing came, and why. Run again, it does what is not complete. With
`--executor slurm` or `ray` the same tasks go to a cluster; --output must then be a folder that all of it shares.
Needs the extra `scale`, and for Ray `ray`: pip install 'acre-corpus[extract,scale]'
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from annotate.model.issues import UsageError
from scripts import terminal

ROOT = Path(__file__).parents[1]


def extract_many(
    source: Annotated[
        str, typer.Argument(help="A folder of files, or with --from hub the name of a dataset.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder for the shards.")],
    kind: Annotated[
        str, typer.Option("--from", help="jsonl, parquet or warc files, or a dataset of the hub.")
    ] = "jsonl",
    split: Annotated[str, typer.Option(help="Of a dataset of the hub.")] = "train",
    model: Annotated[
        str, typer.Option(help="A trained pipeline's folder, a lookup's .json, or lookup.")
    ] = "lookup",
    tasks: Annotated[
        int,
        typer.Option(min=1, help="In how many shards; a file is read whole by one of them."),
    ] = 8,
    workers: Annotated[int, typer.Option(min=1, help="How many tasks run at a time.")] = 1,
    executor: Annotated[str, typer.Option(help="local, slurm or ray.")] = "local",
    partition: Annotated[str | None, typer.Option(help="Of Slurm.")] = None,
    time: Annotated[str, typer.Option(help="For each task, of Slurm.")] = "24:00:00",
    memory: Annotated[int, typer.Option(help="GB for each task, of Slurm and Ray.")] = 4,
    corpus: Annotated[Path, typer.Option(help="Whose schema the model has.")] = ROOT / "corpus",
) -> None:
    """Extract claims from all articles of the source, in shards."""
    many = _many()
    schema = corpus.parent / "guidelines" / "schema.yaml"
    steps = [
        many.reader(_absolute(source), kind, split),
        many.Extract(_absolute(model), corpus.resolve(), schema.resolve(), output.resolve(), kind),
    ]
    options: dict[str, Any] = {
        "pipeline": steps, "tasks": tasks, "workers": workers, "logging_dir": str(output.resolve() / "logs"),
    }  # fmt: skip
    match executor:
        case "local":
            _run(many.Local, options)
        case "ray":
            _run(partial(many.Ray, memory=memory), options)
        case "slurm":
            if partition is None:
                raise UsageError("--executor slurm: name a --partition")
            if not _is_done_by_slurm(options, time, partition, memory):
                return
        case _:
            raise UsageError(f"--executor {executor!r}: give local, slurm or ray")
    _sum_up(output)


def _absolute(place: str) -> str:
    """The path in full, since a worker on a cluster may start in another folder; what is no path stays as it is."""
    return str(Path(place).resolve()) if Path(place).exists() else place


def _is_done_by_slurm(options: dict[str, Any], time: str, partition: str, memory: int) -> bool:
    """Submit what is not complete, and say how to go on; True where all is complete."""
    from datatrove.executor import SlurmPipelineExecutor

    venv = Path(sys.prefix) / "bin" / "activate"
    slurm = SlurmPipelineExecutor(
        **options, time=time, partition=partition, mem_per_cpu_gb=memory, job_name="acre",
        env_command=f"source {venv}",
    )  # fmt: skip
    left = len(slurm.get_incomplete_ranks())
    if not left:
        return True
    slurm.run()
    print(
        f"{left} of {options['tasks']} shards are submitted as job {slurm.job_id}, which squeue shows;"
        " when it has ended, give the same command again: it submits what is not complete, or sums up"
    )
    return False


def _many() -> Any:
    try:
        from annotate.extract import many
    except ImportError as error:
        raise UsageError(
            f"{error}; install the extra: pip install 'acre-corpus[extract,scale]'"
        ) from None
    return many


def _run(executor: Callable[..., Any], options: dict[str, Any]) -> None:
    """Run the tasks of an executor that waits for them, and show how many are complete."""
    from datatrove.utils.logging import logger

    logger.remove()  # what it says at each step is in the logs of the task
    console = Console(stderr=True, highlight=False)
    with console.status("reading") as status:

        def show(done: int, tasks: int) -> None:
            line = f"{done} of {tasks} shards are complete"
            status.update(line) if console.is_terminal else print(line, file=sys.stderr, flush=True)

        executor(show, **options).run()


def _sum_up(output: Path) -> None:
    """Print how many documents and claims there are, and of the failures how many and the first reasons."""
    import pyarrow.parquet as pq

    for name in ("documents", "claims"):
        number = sum(
            pq.read_metadata(path).num_rows for path in sorted((output / name).glob("*.parquet"))
        )
        print(f"{number:>9} {name} in {output / name}")
    failures = Counter(
        path.name for path in (output / "failures").glob("*.jsonl") for _line in path.open()
    )
    if failures:
        print(
            f"{failures.total():>9} articles of which nothing came: {output / 'failures'} has why"
        )


if __name__ == "__main__":
    terminal.run(extract_many)
