"""Photographs as if they had been taken in the dark, and how a visitor brings one to the page."""

import io

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect
from skimage import data


def night(width: int, height: int, seed: int = 0) -> np.ndarray:
    """Scikit-image's astronaut in a twelfth of the light, with noise: uint8 (height, width, 3)."""
    bright = np.asarray(Image.fromarray(data.astronaut()[:384]).resize((width, height)))
    grain = np.random.default_rng(seed).normal(0, 2, bright.shape)
    return (bright * 0.12 + grain).round().clip(0, 255).astype(np.uint8)


def bring(page: Page, pixels: np.ndarray, name: str = "night.png") -> None:
    """Upload a photograph in the tab Dark photograph, which is open, and wait until it is seen."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    upload = {"name": name, "mimeType": "image/png", "buffer": file.getvalue()}
    page.locator("#photo-drop input").set_input_files(upload)
    expect(page.locator("#darkroom .facts")).to_contain_text(name)
