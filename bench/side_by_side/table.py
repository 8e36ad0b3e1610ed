"""A cell's runs as a table: medians, ranges, ratios run by run, and remarks of doubt."""
import statistics
import sys

from .cells import TITLES
from .runs import progress

FOREIGN_WARNING = 0.05  # of the server's core used by others: the run is marked

COLUMNS = (("cpu_us", "CPU µs/msg"), ("rate", "msg/s"), ("p50_us", "p50 µs"), ("p99_us", "p99 µs"))
IDLE_COLUMNS = (("bytes", "bytes/connection"),)


def number(value):
    if value >= 1e6:
        return f"{value / 1e6:.2f}M"
    if value >= 1e4:
        return f"{value / 1e3:.0f}k"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(values, show=number):
    return f"{show(statistics.median(values))} [{show(min(values))}..{show(max(values))}]"


def ratio(ours, theirs, key):
    # Run by run: neighbours in time share whatever else the machine was doing.
    return spread([a[key] / b[key] if b[key] > 0 else float("nan") for a, b in zip(ours, theirs)],
                  lambda value: f"{value:.2f}")


def print_cell(cell, runs):
    progress("")
    columns = IDLE_COLUMNS if cell.idle else COLUMNS
    print(f"\n{cell.title}")
    print(f"  {'':24}" + "".join(f"{title:>26}" for _, title in columns) +
          ("" if cell.idle else f"{'busy':>8}{'loader':>8}"))
    for name, results in runs.items():
        row = "".join(f"{spread([run[key] for run in results]):>26}" for key, _ in columns)
        if not cell.idle:
            for key in ("server_busy", "loader_busy"):
                row += f"{statistics.median(run[key] for run in results):>8.2f}"
        print(f"  {TITLES.get(name, name):24}{row}{remarks(results)}")
    for name in runs:
        if name != "naru" and "naru" in runs:
            row = "".join(f"{ratio(runs['naru'], runs[name], key):>26}" for key, _ in columns)
            print(f"  {'naru / ' + TITLES.get(name, name):24}{row}")
    sys.stdout.flush()


def remarks(results):
    said = []
    if errors := sum(run["errors"] for run in results):
        said.append(f"{errors} ERRORS")
    foreign = max(run.get("foreign", 0) for run in results)
    if foreign > FOREIGN_WARNING:
        said.append(f"others used {foreign:.0%} of the core")
    stolen = max(run.get("stolen", 0) for run in results)
    if stolen > FOREIGN_WARNING:
        said.append(f"{stolen:.0%} stolen by the host")
    return "  ! " + ", ".join(said) if said else ""
