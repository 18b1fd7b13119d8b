"""Writes pictures as SVG for pages, notebooks and files: self-contained, without scripts, with a dark scheme."""

from __future__ import annotations

import html
from collections.abc import Iterable

from taizhang.plots.picture import Discs, Item, Path, Picture, Words
from taizhang.plots.style import FONT, PALETTE, Colour, dark_rules


def to_svg(picture: Picture, *, style: bool = True) -> str:
    """Writes a picture as an SVG element.

    Args:
        picture: The picture.
        style: Whether to include the colours of the dark scheme; if not, the page must (`style.dark_rules`).

    Example:
        >>> disc = Discs(at=((5, 5),), radii=(3,), fill="blue")
        >>> to_svg(Picture(width=10, height=10, title="a disc", items=(disc,))).count("<circle")
        1
    """
    body = "".join(_element(item) for item in picture.items)
    rules = f"<style>{dark_rules()}</style>" if style else ""
    size = f'viewBox="0 0 {_number(picture.width)} {_number(picture.height)}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} width="{_number(picture.width)}" '
        f'height="{_number(picture.height)}" role="img" aria-label="{html.escape(picture.title)}" '
        f'font-family="{FONT}" class="tz-picture">{rules}'
        f'<rect width="100%" height="100%" {_colour("fill", "paper")}/>{body}</svg>'
    )


def _element(item: Item) -> str:
    if isinstance(item, Words):
        return _words(item)
    return _discs(item) if isinstance(item, Discs) else _path(item)


def _discs(discs: Discs) -> str:
    circles = []
    for number, ((x, y), radius) in enumerate(zip(discs.at, discs.radii, strict=True)):
        note = _note(discs.notes[number]) if discs.notes else ""
        place = f'cx="{_number(x)}" cy="{_number(y)}" r="{_number(radius)}"'
        circles.append(f"<circle {place}>{note}</circle>" if note else f"<circle {place}/>")
    form = f'{_colours(fill=discs.fill, stroke="paper")} stroke-width="0.8"{_opacity(discs.opacity, of="fill-opacity")}'
    return f"<g {form}>{''.join(circles)}</g>"


def _note(words: str) -> str:
    return f"<title>{html.escape(words)}</title>" if words else ""


def _opacity(value: float, *, of: str = "opacity") -> str:
    return f' {of}="{value:g}"' if value < 1 else ""


def _path(path: Path) -> str:
    close = "Z" if path.fill is not None else ""
    lines = (
        "M" + "L".join(f"{_number(x)},{_number(y)}" for x, y in part) + close for part in path.parts if len(part) > 1
    )
    words = [f'd="{"".join(lines)}"', _colours(fill=path.fill, stroke=path.stroke)]
    if path.stroke is not None:
        words.append(f'stroke-width="{path.width:g}" stroke-linejoin="round"')
    if path.dash:
        words.append(f'stroke-dasharray="{" ".join(f"{length:g}" for length in path.dash)}"')
    form = " ".join(words) + _opacity(path.opacity)
    return f"<path {form}>{_note(path.note)}</path>" if path.note else f"<path {form}/>"


def _words(words: Words) -> str:
    x, y = words.at
    form = [f'x="{_number(x)}" y="{_number(y)}" font-size="{words.size:g}"']
    if words.halo:
        form.append(f'{_colours(fill=words.colour, stroke="paper")} stroke-width="3" paint-order="stroke"')
    else:
        form.append(_colour("fill", words.colour))
    if words.anchor != "start":
        form.append(f'text-anchor="{words.anchor}"')
    if words.bold:
        form.append('font-weight="600"')
    if words.turned:
        form.append(f'transform="rotate({-words.turned:.1f} {_number(x)} {_number(y)})"')
    return f"<text {' '.join(form)}>{html.escape(words.text)}</text>"


def _colour(of: str, colour: Colour) -> str:
    return f'{of}="{PALETTE[colour][0]}" class="tz-{of[0]}-{colour}"'


def _colours(*, fill: Colour | None, stroke: Colour | None) -> str:
    """Attributes for the light scheme, and classes for the dark scheme."""
    classes: Iterable[str] = (
        *((f"tz-f-{fill}",) if fill is not None else ()),
        *((f"tz-s-{stroke}",) if stroke is not None else ()),
    )
    light_fill = PALETTE[fill][0] if fill is not None else "none"
    light_stroke = f' stroke="{PALETTE[stroke][0]}"' if stroke is not None else ""
    return f'fill="{light_fill}"{light_stroke} class="{" ".join(classes)}"'


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
