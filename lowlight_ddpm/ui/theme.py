"""How the page looks: one accent, system fonts (none is fetched), quiet greys."""

from gradio.themes import Base, colors, sizes

from lowlight_ddpm.paths import STATIC

STYLES = sorted((STATIC / "styles").glob("*.css"))


def theme() -> Base:
    """The theme of the page, light and dark."""
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
