# SPDX-License-Identifier: GPL-2.0-only
"""From the figures of single rounds to the rows of results.json."""
from statistics import median

FIGURES = ("passive_local", "active_local", "p50_us", "p99_us", "p999_us")


def middle(rounds, name):
    values = [each[name] for each in rounds if each[name] is not None]
    return median(values) if values else None


def shorten(value):
    """Four digits are more than a benchmark knows."""
    return None if value is None else float(f"{value:.4g}")


def row(case, mode, rounds, of_fastsock):
    """`of_fastsock`: the same rounds in mode fastsock, or None. The ratio says how many
    times as fast fastsock was, the median over pairs of a round."""
    values = [each["value"] for each in rounds]
    ratio = None
    if of_fastsock:
        ratio = median(ours["value"] / value if value else float("inf")
                       for ours, value in zip(of_fastsock, values))
    return {
        "bench": case.name, "program": case.program, "mode": mode.name, "unit": case.unit,
        "median": round(median(values)), "min": round(min(values)), "max": round(max(values)),
        "rounds": len(rounds),
        "ratio_to_fastsock": shorten(ratio),
        **{name: shorten(middle(rounds, name)) for name in FIGURES},
        "errors": sum(each["errors"] for each in rounds),
        "switches_per_conn": shorten(middle(rounds, "switches")),
        "ipis_per_conn": shorten(middle(rounds, "ipis")),
        "values": [round(value) for value in values],
    }


def cell(value, scale=1, digits=0, empty="–"):
    return empty if value is None else f"{value * scale:.{digits}f}"


COLUMNS = (
    ("mode", lambda r: r["mode"]),
    ("median", lambda r: cell(r["median"])),
    ("min – max", lambda r: f"{cell(r['min'])} – {cell(r['max'])}"),
    ("fastsock is ×", lambda r: cell(r["ratio_to_fastsock"], digits=2)),
    ("passive local %", lambda r: cell(r["passive_local"], 100, 1)),
    ("active local %", lambda r: cell(r["active_local"], 100, 1)),
    ("p50 µs", lambda r: cell(r["p50_us"])),
    ("p99 µs", lambda r: cell(r["p99_us"])),
    ("p99.9 µs", lambda r: cell(r["p999_us"])),
    ("errors", lambda r: cell(r["errors"])),
    ("switches", lambda r: cell(r["switches_per_conn"], digits=2)),
    ("IPIs", lambda r: cell(r["ipis_per_conn"], digits=2)),
)


def table(rows):
    """Of one case, as Markdown that can be read as it is."""
    lines = [[name for name, _ in COLUMNS]]
    lines += [[text(each) for _, text in COLUMNS] for each in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(COLUMNS))]
    out = []
    for number, line in enumerate(lines):
        cells = [text.ljust(width) if i == 0 else text.rjust(width)
                 for i, (text, width) in enumerate(zip(line, widths))]
        out.append("| " + " | ".join(cells) + " |")
        if number == 0:
            out.append("|" + "|".join(
                "-" * (width + 1) + ("-" if i == 0 else ":")
                for i, width in enumerate(widths)) + "|")
    return "\n".join(out)
