"""Two pictures on top of each other, with the border between them drawn along by a range input."""

from html import escape

from lowlight_ddpm.paths import STATIC

SCRIPT = (STATIC / "wipe.js").read_text()


def wiped(titles: tuple[str, str], uris: tuple[str, str], blank: str = "", style: str = "") -> str:
    """HTML of the picture `under` and the one `over` it, in this order; or of the sentence `blank` alone.

    `style` is what png.proportions gives.
    """
    under, over = (escape(name) for name in titles)
    layers = f'<p class="blank">{blank}</p>'
    if not blank:
        layers = "".join(
            f'<img class="{layer}" alt="{name}" src="{uri}">'
            for layer, name, uri in zip(("under", "over"), (under, over), uris, strict=True)
        )
        layers += f'<input type="range" min="0" max="100" value="50" aria-label="Wipe: {over} to {under}">'
    return (
        f'<figure class="wipe"{style}><div class="pixels">{layers}</div>'
        f"<figcaption><span>{over}</span><span>{under}</span></figcaption></figure>"
    )
