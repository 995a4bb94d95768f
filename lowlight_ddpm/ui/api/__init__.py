"""The endpoints for programs, which are the tools for language models too: the same core as the page."""

from lowlight_ddpm.ui.api.lookups import measure, schedule, variants
from lowlight_ddpm.ui.api.parameters import add, image, images, report
from lowlight_ddpm.ui.api.runs import denoise, generate
from lowlight_ddpm.ui.api.studies import compare, explain


def add_endpoints() -> None:
    """Put all endpoints into the current Blocks; nothing of them is seen on the page."""
    add(denoise, [image(), report()])
    add(generate, [image(), report()])
    add(compare, [images(), report()])
    add(explain, [report()])
    add(measure, [report()], calls_network=False)
    add(schedule, [report()], calls_network=False)
    add(variants, [report()], calls_network=False)
