"""Draw the lineage: one column for each group of assets, from raw tables to the publication."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

GROUPS = ("ingest", "staging", "intermediate", "marts", "analysis", "publish")
COLOURS = ("#5b6770", "#33658a", "#2f7f79", "#8a5a00", "#8c3b5e", "#3f3d7a")
BOX_WIDTH, BOX_HEIGHT, ROW, COLUMN, TOP, MARGIN = 230, 22, 27, 310, 56, 40
SWEEPS = 8


@dataclass(frozen=True)
class Asset:
    """One asset of the pipeline.

    Attributes
    ----------
    name, group, description : str
        As in Dagster.
    parents : tuple of str
        Names of the assets from which it is made.
    """

    name: str
    group: str
    description: str
    parents: tuple[str, ...]


def lineage_svg(assets: Mapping[str, Asset]) -> str:
    """Draw a box for each asset, with its description as tooltip, and a curve from each asset to those made from it.

    Parameters
    ----------
    assets : Mapping of str to Asset
        Every asset by name.

    Returns
    -------
    str
        The picture as SVG.
    """
    columns = _ordered(assets)
    tallest = max(len(names) for names in columns)
    height, width = TOP + tallest * ROW + MARGIN, MARGIN * 2 + COLUMN * (len(GROUPS) - 1) + BOX_WIDTH
    corners = {
        name: (MARGIN + COLUMN * i, TOP + (tallest - len(names)) * ROW / 2 + ROW * j)
        for i, names in enumerate(columns)
        for j, name in enumerate(names)
    }
    counted = "; ".join(f"{group}: {len(names)}" for group, names in zip(GROUPS, columns, strict=True))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0f}" width="{width}"',
        f' height="{height:.0f}" role="img" font-family="ui-sans-serif, system-ui, sans-serif" font-size="12">',
        f"<title>Lineage of the warehouse, from raw tables to the publication ({escape(counted)})</title>",
        f'<rect width="{width}" height="{height:.0f}" fill="#ffffff"/>',
    ]
    for name, asset in assets.items():
        parts += [_curve(corners[parent], corners[name], asset.group) for parent in asset.parents if parent in corners]
    for i, (group, colour) in enumerate(zip(GROUPS, COLOURS, strict=True)):
        parts.append(
            f'<text x="{MARGIN + COLUMN * i}" y="32" font-size="16" font-weight="600" fill="{colour}">{group}</text>'
        )
    parts += [_box(corners[asset.name], asset) for asset in assets.values()]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _ordered(assets: Mapping[str, Asset]) -> list[list[str]]:
    """Names by group, each sorted by the mean position of its neighbours so that few curves cross."""
    columns = [[name for name, asset in assets.items() if asset.group == group] for group in GROUPS]
    neighbours: dict[str, set[str]] = {name: set() for name in assets}
    for name, asset in assets.items():
        for parent in asset.parents:
            if parent in assets:
                neighbours[name].add(parent)
                neighbours[parent].add(name)
    for _ in range(SWEEPS):
        for column in columns:
            position = {name: j / len(names) for names in columns for j, name in enumerate(names)}
            means = {name: _mean([position[n] for n in neighbours[name]], position[name]) for name in column}
            column.sort(key=lambda name: (means[name], name))
    return columns


def _mean(values: list[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def _curve(start: tuple[float, float], end: tuple[float, float], group: str) -> str:
    x1, y1, x2, y2 = start[0] + BOX_WIDTH, start[1] + BOX_HEIGHT / 2, end[0], end[1] + BOX_HEIGHT / 2
    x2 = max(x2, x1)  # within one group the curve returns to its own column
    reach = max(40, (x2 - x1) / 2)
    control = x2 + reach if x2 == x1 else x2 - reach
    colour = COLOURS[GROUPS.index(group)]
    return (
        f'<path d="M{x1:.0f} {y1:.1f}C{x1 + reach:.0f} {y1:.1f} {control:.0f} {y2:.1f} {x2:.0f} {y2:.1f}"'
        f' fill="none" stroke="{colour}" stroke-opacity="0.45"/>'
    )


def _box(corner: tuple[float, float], asset: Asset) -> str:
    x, y = corner
    colour = COLOURS[GROUPS.index(asset.group)]
    label = asset.name.split("/")[-1]
    shown = label if len(label) <= 32 else label[:31] + "…"
    return (
        f"<g><title>{escape(f'{asset.name}: {asset.description}')}</title>"
        f'<rect x="{x}" y="{y:.1f}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="4" fill="#ffffff" stroke="{colour}"/>'
        f'<text x="{x + 8}" y="{y + 15:.1f}" fill="#1c1c1c">{escape(shown)}</text></g>'
    )
