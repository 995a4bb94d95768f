"""What was measured, as the tables of README and docs: no number stands there that is not made here."""

from lowlight_ddpm.report.blocks import BLOCKS, PAGES, fill, written

__all__ = ["BLOCKS", "PAGES", "fill", "written"]
