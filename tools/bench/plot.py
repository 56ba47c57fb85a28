#!/usr/bin/env python3
"""plot.py CSV SVG: draws what queue_sweep measured, as small multiples: a column a policy for being full.

Standard library only. The drawing has no background, and colours that are read on white and on black alike.
"""

import math
import sys
from collections import defaultdict

COLUMNS = [  # policy, interval_ms, its title
    ("block", 0, "block, interval 0"),
    ("block", 10, "block"),
    ("flush_early", 10, "flush early"),
    ("drop_oldest", 10, "drop oldest"),
    ("drop_newest", 10, "drop newest"),
    ("keep_latest", 10, "keep latest"),
]
# Each apart from the others by colour, by mark, and by its order in the legend.
PRODUCERS = {1: ("#2f81d6", "circle"), 2: ("#d9622b", "square"), 4: ("#199e70", "diamond"), 8: ("#b666d2", "triangle")}
CAPACITIES = {10: "2 3", 1000: "7 3", 100000: ""}  # dashes
INK = "#7b7b7b"
MARKS = {  # as paths, from their middle
    "circle": "m-2.8 0a2.8 2.8 0 1 0 5.6 0a2.8 2.8 0 1 0-5.6 0z",
    "square": "m-2.5-2.5h5v5h-5z",
    "diamond": "m0-3.6l3.6 3.6l-3.6 3.6l-3.6-3.6z",
    "triangle": "m0-3.4l3.2 6h-6.4z",
}

WIDTH, LEFT, RIGHT = 1200, 66, 14
TOP, PANEL_HEIGHT, ROW_HEIGHT, GAP = 84, 116, 182, 16
PANEL_WIDTH = (WIDTH - LEFT - RIGHT - GAP * (len(COLUMNS) - 1)) / len(COLUMNS)


def short(value):
    """1000 -> 1k, 0.5 -> 0.5."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


class Axis:
    """A logarithmic axis over whole powers of its base."""

    def __init__(self, values, base=10):
        logs = [math.log(value, base) for value in values]
        self.base = base
        self.low = math.floor(min(logs) + 1e-9)
        self.high = max(math.ceil(max(logs) - 1e-9), self.low + 1)

    def place(self, value):
        """0 at the axis's beginning, 1 at its end."""
        return (math.log(value, self.base) - self.low) / (self.high - self.low)

    def ticks(self, at_most):
        """(value, has a label) of each power, the highest labelled."""
        every = math.ceil((self.high - self.low + 1) / at_most)
        return [(float(self.base) ** power, (self.high - power) % every == 0) for power in range(self.low, self.high + 1)]


class Drawing:
    """SVG, line by line."""

    def __init__(self):
        self.lines = []

    # The texts are this file's own, and nothing in them needs escaping.
    def text(self, x, y, text, size=11, anchor="middle", weight="normal"):
        extra = f' text-anchor="{anchor}"' if anchor != "start" else ""
        extra += f' font-weight="{weight}"' if weight != "normal" else ""
        self.lines.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}"{extra}>{text}</text>'
        )

    def line(self, x1, y1, x2, y2, color=INK, width=1.0, dash=""):
        self.path(f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}", color, width, dash=dash)

    def path(self, path, color, width, opacity=1.0, dash=""):
        extra = f' opacity="{opacity}"' if opacity != 1 else ""
        extra += f' stroke-dasharray="{dash}"' if dash else ""
        self.lines.append(f'<path d="{path}" fill="none" stroke="{color}" stroke-width="{width}"{extra}/>')

    def curve(self, points, color, mark, dash=""):
        """A line through points with a mark at each, all in one colour."""
        self.path("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points), color, 1.8, dash=dash)
        marks = "".join(f"M{x:.1f} {y:.1f}{MARKS[mark]}" for x, y in points)
        self.lines.append(f'<path d="{marks}" fill="{color}"/>')


def draw_frame(drawing, left, top, x_axis, y_axis, with_y_labels):
    right, bottom = left + PANEL_WIDTH, top + PANEL_HEIGHT
    strong = weak = ""
    for value, labelled in y_axis.ticks(5):
        y = bottom - y_axis.place(value) * PANEL_HEIGHT
        line = f"M{left:.1f} {y:.1f}H{right:.1f}"
        if not labelled:
            weak += line
            continue
        strong += line
        if with_y_labels:
            drawing.text(left - 6, y + 3.5, short(value), 10, "end")
    for value, labelled in x_axis.ticks(6):
        x = left + x_axis.place(value) * PANEL_WIDTH
        weak += f"M{x:.1f} {top}V{bottom + 3 if labelled else bottom}"
        if labelled:
            # The outer ones stay inside, away from the next panel's.
            anchor = {0: "start", 1: "end"}.get(x_axis.place(value), "middle")
            drawing.text(x, bottom + 14, short(value), 10, anchor)
    drawing.path(strong, INK, 1, 0.3)
    drawing.path(weak, INK, 1, 0.14)
    drawing.line(left, bottom, right, bottom)


def draw_row(drawing, top, title, x_label, x_base, panels):
    """A row of panels. panels: for each column [(points, color, mark, dash)], points as (x, y) values."""
    xs = [x for lines in panels for points, *_ in lines for x, _ in points]
    ys = [y for lines in panels for points, *_ in lines for _, y in points if y > 0]
    x_axis, y_axis = Axis(xs, x_base), Axis(ys)
    drawing.text(LEFT, top - 10, title, 12, "start", "bold")
    for column, lines in enumerate(panels):
        left = LEFT + column * (PANEL_WIDTH + GAP)
        draw_frame(drawing, left, top, x_axis, y_axis, column == 0)
        for points, color, mark, dash in lines:
            # What has no logarithm lies on the axis.
            placed = [
                (left + x_axis.place(x) * PANEL_WIDTH, top + PANEL_HEIGHT - (y_axis.place(y) if y > 0 else 0) * PANEL_HEIGHT)
                for x, y in points
            ]
            drawing.curve(placed, color, mark, dash)
    drawing.text(LEFT + (WIDTH - LEFT - RIGHT) / 2, top + PANEL_HEIGHT + 29, x_label, 11)


def draw_legends(drawing, capacities_y):
    x = LEFT
    drawing.text(x, 46, "producers:", 12, "start")
    x += 78
    for producers, (color, mark) in PRODUCERS.items():
        drawing.curve([(x, 42), (x + 26, 42)], color, mark)
        drawing.text(x + 36, 46, str(producers), 12, "start")
        x += 68
    x = WIDTH - RIGHT - 344
    for capacity, dash in CAPACITIES.items():
        drawing.line(x, capacities_y - 4, x + 30, capacities_y - 4, INK, 1.8, dash=dash)
        drawing.text(x + 36, capacities_y, f"capacity {short(capacity)}", 11, "start")
        x += 112


def by_producers(rows, x, y):
    """A panel's lines: one for each number of producers."""
    lines = defaultdict(list)
    for row in rows:
        lines[row["producers"]].append((row[x], row[y]))
    return [(sorted(points), *PRODUCERS[producers], "") for producers, points in sorted(lines.items())]


def by_capacity(rows, y):
    lines = defaultdict(list)
    for row in rows:
        if row["capacity"] in CAPACITIES:
            lines[row["capacity"]].append((row["producers"], row[y]))
    return [(sorted(points), INK, "circle", CAPACITIES[capacity]) for capacity, points in sorted(lines.items())]


def draw(rows):
    columns = [[row for row in rows if (row["policy"], row["interval_ms"]) == (policy, interval)] for policy, interval, _ in COLUMNS]
    unlimited = [[row for row in column if row["max_batch"] == 0] for column in columns]
    limited = [[row for row in column if row["max_batch"] != 0] for column in columns]
    drawing = Drawing()
    drawing.text(LEFT, 22, "EventQueue: events that exist already, moved in, to on_flush", 15, "start", "bold")
    drawing.text(WIDTH - RIGHT, 22, "a column a policy for being full; flush_interval 10 ms but in the first; all axes logarithmic", 11, "end")
    first = TOP + 40
    for column, (_, _, title) in enumerate(COLUMNS):
        drawing.text(LEFT + column * (PANEL_WIDTH + GAP) + PANEL_WIDTH / 2, TOP - 6, title, 13, weight="bold")
    draw_legends(drawing, first - 10)
    draw_rows = [
        ("Events a second that are taken, by producers", "producers (threads)", 2,
         [by_capacity(column, "events_per_second") for column in unlimited]),
        ("Events a second that are taken, by size of a batch", "max_batch (events), with a capacity of 100k", 10,
         [by_producers(column, "max_batch", "events_per_second") for column in limited]),
        ("Events a second that are taken, by capacity", "capacity (events)", 10,
         [by_producers(column, "capacity", "events_per_second") for column in unlimited]),
        ("CPU time of an event that is taken, in ns, by capacity", "capacity (events)", 10,
         [by_producers(column, "capacity", "cpu_ns_per_event") for column in unlimited]),
        ("Of the events that are taken, handed over, in %, by capacity", "capacity (events)", 10,
         [by_producers(column, "capacity", "percent_handed_over") for column in unlimited]),
    ]
    for number, row in enumerate(draw_rows):
        draw_row(drawing, first + number * ROW_HEIGHT, *row)
    height = first + len(draw_rows) * ROW_HEIGHT - 26
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'font-family="system-ui, \'DejaVu Sans\', sans-serif" fill="{INK}" role="img">',
        "<title>Throughput of EventQueue by producers, size of a batch, capacity and policy for being full</title>",
        *drawing.lines,
        "</svg>",
    ]) + "\n"


def read(path):
    """A dictionary a line, with all but the policy as numbers. No field has a comma in it."""
    with open(path, encoding="utf-8") as file:
        names, *lines = [line.rstrip("\n").split(",") for line in file]
    rows = [dict(zip(names, line, strict=True)) for line in lines]
    for row in rows:
        row.update({name: float(value) for name, value in row.items() if name != "policy"})
    return rows


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: plot.py CSV SVG")
    drawn = draw(read(sys.argv[1]))
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(drawn)


if __name__ == "__main__":
    main()
