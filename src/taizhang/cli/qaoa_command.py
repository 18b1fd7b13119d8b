"""`taizhang qaoa`: expected cost of QAOA of a problem, its gradient, optimised angles and samples."""

from __future__ import annotations

import time
from dataclasses import dataclass

import click
import numpy as np

from taizhang._lazy import lazy_module
from taizhang._resources import peak_resident_bytes
from taizhang._units import human_seconds
from taizhang.api.qaoa import FloatArray, Qaoa, QaoaSamples, check_depth, read_angle_list
from taizhang.cli.display import Display
from taizhang.cli.notes import note
from taizhang.cli.options import (
    InputFile,
    OutputFile,
    command,
    echo_json,
    option,
    output_options,
    settings_options,
)
from taizhang.cli.reports import QUICK_SECONDS
from taizhang.cli.saving import Saved, save
from taizhang.problems.angle_file import read_angles, write_angles
from taizhang.problems.problem_file import read_problem
from taizhang.sampling.sampler import check_shots
from taizhang.settings import Settings

plots = lazy_module("taizhang.plots.qaoa")

# Points of a landscape along each angle, at most and at least, and the time that it may take.
_MOST_POINTS, _LEAST_POINTS, _LANDSCAPE_SECONDS = 48, 12, 10.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Result:
    """What is known in the end.

    Attributes:
        qaoa: The circuit with its plan.
        origin: Where the angles come from, in words.
        gammas: Angles of the cost.
        betas: Angles of the mixers.
        energy: Expected cost.
        gradient: Derivatives by gammas, then betas.
        energies: The energy of each evaluation.
        samples: Samples at these angles, or None.
    """

    qaoa: Qaoa
    origin: str
    gammas: tuple[float, ...]
    betas: tuple[float, ...]
    energy: float
    gradient: FloatArray
    energies: FloatArray
    samples: QaoaSamples | None


@command("qaoa")
@click.argument("problem", type=InputFile())
@option("--depth", type=int, metavar="P", help="Number of layers; needed unless angles are given.")
@option("--gammas", metavar="A,A,...", help="Angles of the cost, one for each layer.")
@option("--betas", metavar="A,A,...", help="Angles of the mixers, one for each layer.")
@option("--angles", "angles_file", type=InputFile(), metavar="FILE", help="A file of angles, as -o writes it.")
@option("--optimize", is_flag=True, help="Optimise the angles, from those given or from good ones for the problem.")
@option("--shots", type=int, metavar="N", group="Samples", help="Also draw this many samples; the best is shown.")
@option(
    "-o", "--output", type=OutputFile(".json", ""), metavar="FILE", group="Output", help="Write the angles as JSON."
)
@option(
    "--plot",
    type=OutputFile(picture=True),
    metavar="FILE",
    group="Output",
    help="Draw the energy over the angles of one layer, or the course of the optimisation, as .png, .svg or .pdf.",
)
@settings_options()
@output_options
def qaoa_command(
    problem: str,
    depth: int | None,
    gammas: str | None,
    betas: str | None,
    angles_file: str | None,
    optimize: bool,
    shots: int | None,
    output: str | None,
    plot: str | None,
    settings: Settings,
    as_json: bool,
) -> None:
    """Compute the expected cost of QAOA of PROBLEM, a graph of lines 'u v [weight]' or a CSP as JSON.

    Without angles it takes fixed ones for 3-regular graphs (Wurtz and Lykov 2021), scaled to the problem. The circuit
    is exp(-i gamma C), then exp(-i beta X) on every qubit, for each layer.
    """
    # Stage 1: what is asked, before any work.
    if shots is not None:
        check_shots(shots, called="--shots")
    given = _read_given(gammas, betas, angles_file)
    if depth is None and given is None:
        raise click.UsageError("--depth is needed: the number of layers; or give --gammas and --betas, or --angles")
    depth = check_depth(len(given[0]) if depth is None and given is not None else depth, called="--depth")
    interpolated = given is not None and optimize and len(given[0]) < depth
    if given is not None and not interpolated:
        given = (read_angle_list(given[0], "gamma", depth), read_angle_list(given[1], "beta", depth))

    # Stage 2: the problem, its plan, and energies.
    started = time.perf_counter()
    with Display() as display:
        display.stage("read")
        read = read_problem(problem)
        reading = time.perf_counter()
        qaoa = Qaoa.of_settings(read, depth, settings, observer=display)
        planned = time.perf_counter()
        display.stage("run")
        result = _compute(qaoa, given, shots, display, optimize=optimize)
    seconds = {"read": reading - started, "plan": planned - reading, "run": time.perf_counter() - planned}

    # Stage 3: files, then the answer.
    saved = save(output, lambda path: write_angles(path, result.gammas, result.betas, energy=result.energy))
    drawn = save(plot, lambda path: _draw(result, path))
    if as_json:
        echo_json(_record(result, seconds))
    else:
        _show(result, saved)
        if sum(seconds.values()) >= QUICK_SECONDS:
            stages = ", ".join(f"{name} {human_seconds(spent)}" for name, spent in seconds.items())
            note(f"\n{qaoa.energy_function.plan}\n{stages}")
    saved.check()
    drawn.check(printed=False)


def _read_given(
    gammas: str | None, betas: str | None, angles_file: str | None
) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """The angles given, or None."""
    if angles_file is not None:
        if gammas is not None or betas is not None:
            raise click.UsageError("angles are given by --angles or by --gammas and --betas; give them in one way only")
        return read_angles(angles_file)
    if (gammas is None) != (betas is None):
        raise click.UsageError("give both --gammas and --betas, one of each for each layer")
    if gammas is None or betas is None:
        return None
    return _read_numbers(gammas, "--gammas"), _read_numbers(betas, "--betas")


def _read_numbers(text: str, called: str) -> tuple[float, ...]:
    try:
        return tuple(float(word) for word in text.split(","))
    except ValueError:
        raise click.UsageError(
            f"{called} must be numbers with commas between, such as 0.4,0.8, got {text[:64]!r}"
        ) from None


def _compute(
    qaoa: Qaoa,
    given: tuple[tuple[float, ...], tuple[float, ...]] | None,
    shots: int | None,
    display: Display,
    *,
    optimize: bool,
) -> _Result:
    """The energy at the angles, after optimising them if asked, and samples."""
    gammas, betas = given if given is not None else qaoa.start()
    origin = "as given" if given is not None else "fixed ones for 3-regular graphs, scaled to the problem"
    if optimize:
        optimum = qaoa.optimize((gammas, betas))
        gammas, betas, energy, energies = optimum.gammas, optimum.betas, optimum.energy, optimum.energies
        gradient = optimum.gradient
        assert gradient is not None
        how = "" if optimum.converged else f", not converged ({optimum.message})"
        origin = f"optimised in {optimum.evaluations} evaluations{how}"
    else:
        energy, gradient = qaoa.value_and_gradient(gammas, betas)
        energies = np.array([energy])
    samples = None if shots is None else qaoa.sample(shots, gammas, betas, observer=display)
    return _Result(
        qaoa=qaoa,
        origin=origin,
        gammas=tuple(gammas),
        betas=tuple(betas),
        energy=energy,
        gradient=gradient,
        energies=energies,
        samples=samples,
    )


def _record(result: _Result, seconds: dict[str, float]) -> dict[str, object]:
    """The keys of `--json`."""
    qaoa = result.qaoa
    record: dict[str, object] = {
        "energy": result.energy,
        "bound": qaoa.bound(),
        "gradient": dict(zip(qaoa.parameters, result.gradient.tolist(), strict=True)),
        "gammas": list(result.gammas),
        "betas": list(result.betas),
        "evaluations": len(result.energies),
    }
    if result.samples is not None:
        record["best"] = result.samples.best._asdict()
        record["mean_cost"] = float(result.samples.costs.mean())
        record["method"] = result.samples.method
    record["plan"] = qaoa.energy_function.plan.to_dict()
    return {**record, "seconds": seconds, "peak_bytes": peak_resident_bytes()}


def _show(result: _Result, saved: Saved) -> None:
    """Prints the answer as text."""
    qaoa, bound = result.qaoa, result.qaoa.bound()
    share = f", {result.energy / bound:.4f} of it" if qaoa.problem.maximise and bound > 0 else ""
    lines = [
        ("problem", repr(qaoa.problem)),
        ("angles", result.origin),
        ("energy", f"{result.energy:.10g} (no cost is beyond {bound:.10g}{share})"),
        ("gradient", f"of length {float(np.linalg.norm(result.gradient)):.3g}"),
        ("gammas", ",".join(f"{angle:.10g}" for angle in result.gammas)),
        ("betas", ",".join(f"{angle:.10g}" for angle in result.betas)),
    ]
    if result.samples is not None:
        best, costs = result.samples.best, result.samples.costs
        lines.append(("samples", f"{len(costs):,}, of mean cost {costs.mean():.6g} ({result.samples.method})"))
        lines.append(("best", f"{best.bitstring} of cost {best.cost:.10g}"))
    for name, value in lines:
        click.echo(f"{name:<10}{value}")
    if saved.done:
        note(f"the angles are in {saved.path}")


def _draw(result: _Result, path: str) -> None:
    plots.plot_qaoa(
        path,
        gammas=result.gammas,
        betas=result.betas,
        energy=result.energy,
        bound=result.qaoa.bound(),
        energies=result.energies,
        landscape=_landscape(result) if result.qaoa.depth == 1 else None,
    )


def _landscape(result: _Result) -> object:
    """The energies around the angles of one layer, on as many points as take little time."""
    qaoa, (gamma,), (beta,) = result.qaoa, result.gammas, result.betas
    started = time.perf_counter()
    qaoa.energy((gamma,), (beta,))
    seconds = time.perf_counter() - started
    points = int(np.clip((_LANDSCAPE_SECONDS / max(seconds, 1e-9)) ** 0.5, _LEAST_POINTS, _MOST_POINTS))
    reach = max(abs(gamma), 1e-3)
    gammas = np.linspace(gamma - 1.5 * reach, gamma + 1.5 * reach, points)
    betas = np.linspace(0.0, np.pi / 2, points)
    energies = np.array([[qaoa.energy((one,), (other,)) for other in betas.tolist()] for one in gammas.tolist()])
    return plots.Landscape(gammas=gammas, betas=betas, energies=energies)
