"""The page as a whole: its tabs, its queue and its theme."""

import logging

import gradio as gr
from gradio.themes import Base, colors, sizes

from lowlight_ddpm import environment
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.ui.api.page import Page
from lowlight_ddpm.ui.api.table import add_endpoints
from lowlight_ddpm.ui.compare.tab import Compare
from lowlight_ddpm.ui.components.address import Address
from lowlight_ddpm.ui.findings.tab import Findings
from lowlight_ddpm.ui.photographs.tab import DarkPhotograph
from lowlight_ddpm.ui.play.tab import Play
from lowlight_ddpm.ui.schedule import Schedule
from lowlight_ddpm.ui.session import HOUR
from lowlight_ddpm.ui.start.tab import Start
from lowlight_ddpm.ui.why.tab import Why
from lowlight_ddpm.ui.worker.queue import bound
from lowlight_ddpm.variants import register_from_environment

log = logging.getLogger("lowlight_ddpm.ui")
TITLE = "What a diffusion model does to a dark picture"
# A tab's name in addresses, and its label.
TABS = (
    ("start", "Start"),
    ("play", "Play"),
    ("compare", "Compare"),
    ("why", "Why"),
    ("schedule", "Schedule"),
    ("findings", "Findings"),
    ("photograph", "Dark photograph"),
)
MAX_WAITING = 20  # runs in the queue before new ones are refused
MAX_QUEUED = 200  # requests of any kind, most of which wait for nothing


def build() -> gr.Blocks:
    """The page, ready to launch. Exits with a sentence where a network that it is to offer cannot be."""
    log.info("The page is being built: the networks and images that it offers are opened")
    try:
        offer_own()
    except Refusal as refusal:  # however the page is served, this is read instead of a traceback
        raise SystemExit(str(refusal)) from None
    with Page(title=TITLE, analytics_enabled=False, delete_cache=(HOUR, 24 * HOUR)) as page:
        add_endpoints()  # first: a callback of the page with the same name would take the endpoint's
        gr.HTML(f"<h1>{TITLE}</h1>", elem_id="intro", padding=False)
        address = Address(TABS, elem_id="address")
        with gr.Tabs() as tabs:
            opening, *others = (gr.Tab(label, id=name) for name, label in TABS)
            with opening:
                start = Start(page)
            play_tab, compare_tab, why_tab, schedule_tab, findings_tab, photograph_tab = others
            with play_tab:
                play = Play(page, tabs)
            with compare_tab:
                compare = Compare(compare_tab, play.session)
            with why_tab:
                Why(why_tab, play.session)
            with schedule_tab:
                Schedule(schedule_tab, play.session)
            with findings_tab:
                findings = Findings(findings_tab, play.session)
            with photograph_tab:
                photograph = DarkPhotograph(photograph_tab)
            photograph.opens(play.brighten.click, play.session, tabs)
            opens = (address, compare.grid, compare.sweep.map, *findings.opens, *start.opens)
            for buttons in opens:
                play.reopens(buttons.click)
        page.queue(default_concurrency_limit=1, max_size=MAX_QUEUED)
        bound(page, MAX_WAITING)
    return page


def offer_own() -> None:
    """Add the variants and networks that the environment names; no user of the page can add one."""
    register_from_environment()
    for place in environment.value("LOWLIGHT_NETWORKS") or ():
        checkpoints.offer(place)


def theme() -> Base:
    """How the page looks, light and dark: one accent, quiet greys, system fonts (none is fetched)."""
    return Base(
        primary_hue=colors.amber,
        secondary_hue=colors.amber,
        neutral_hue=colors.stone,
        radius_size=sizes.radius_md,
        spacing_size=sizes.spacing_md,
        text_size=sizes.text_md,
        font=("system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"),
        font_mono=("ui-monospace", "SFMono-Regular", "Menlo", "monospace"),
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_400",
        block_title_text_color="*neutral_900",
        block_title_text_color_dark="*neutral_100",
        block_padding="0px",
        block_shadow="none",
        block_border_width="0px",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_label_background_fill="transparent",
        block_title_text_weight="600",
        block_info_text_size="*text_sm",
        button_primary_background_fill="*primary_500",
        button_primary_background_fill_hover="*primary_400",
        button_primary_background_fill_dark="*primary_500",
        button_primary_background_fill_hover_dark="*primary_400",
        button_primary_text_color="*neutral_950",
        button_primary_text_color_dark="*neutral_950",
        button_secondary_background_fill="*neutral_200",
        button_secondary_background_fill_dark="*neutral_800",
        input_background_fill="white",
        input_background_fill_dark="*neutral_900",
        input_border_width="1px",
        input_border_color="*neutral_300",
        input_border_color_dark="*neutral_700",
        slider_color="*primary_500",
        slider_color_dark="*primary_500",
    )
