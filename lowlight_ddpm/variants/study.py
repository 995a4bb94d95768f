"""The study's experiments: one row each, in the order of the post, then ours."""

from dataclasses import replace

from lowlight_ddpm.variants.row import Variant

_ADDED = 150  # synthetic butterflies of rare hues that the study adds to its photographs

_DEEP = {"layers_per_block": 3, "variance_type": "fixed_large"}

_ROWS = (
    Variant(
        "bright",
        "Bright control",
        "The same network and recipe on images as bright as they were taken.",
        "1, 5.1 right",
        brightness=1.0,
    ),
    Variant(
        "dim",
        "Dim control",
        "What the post starts from: images at half their brightness.",
        "5.1 left",
    ),
    Variant(
        "dim-raw",
        "Dim, not averaged",
        "The last weights of the dim control, before averaging: the tutorial that the post follows has none.",
        averaged=False,
        weights="dim",
    ),
    Variant(
        "dim-large",
        "Dim, large variance",
        "The weights of the dim control with the larger variance: what the variance type alone does.",
        "5.2",
        variance_type="fixed_large",
        weights="dim",
    ),
    Variant(
        "dim-deep",
        "Dim, deeper",
        "One more ResNet layer in every block, and the larger variance.",
        "5.3",
        **_DEEP,
    ),
    Variant(
        "dim-deep-low",
        "Deeper, low betas",
        "Betas from 0.001 to 0.01: 6 % of the image is still there at the last timestep.",
        "5.4 left",
        beta_start=1e-3,
        beta_end=0.01,
        **_DEEP,
    ),
    Variant(
        "dim-deep-mid",
        "Deeper, middle betas",
        "Betas from 0.0005 to 0.015, as the post's text has its second pair.",
        "5.4 right, the text",
        beta_start=5e-4,
        beta_end=0.015,
        **_DEEP,
    ),
    Variant(
        "dim-deep-high",
        "Deeper, high betas",
        "Betas from 0.0005 to 0.15, as the post's caption has that pair, and the way it would go next.",
        "5.4 right, the caption",
        beta_start=5e-4,
        beta_end=0.15,
        **_DEEP,
    ),
    Variant(
        "dim-retrained",
        "Dim, trained again",
        "Another seed and the larger variance, as the post did it: what retraining alone does.",
        "5.2",
        variance_type="fixed_large",
        seed=1,
    ),
    Variant(
        "dim-again-2",
        "Dim, a third time",
        "The dim control from a third seed: how far trainings of one experiment lie apart.",
        seed=2,
    ),
    Variant(
        "dim-v",
        "Dim, predicting v",
        "The dim control predicting v on the default betas: tells v from zero terminal SNR.",
        prediction_type="v_prediction",
    ),
    Variant(
        "dim-groups1",
        "Dim, one GroupNorm group",
        "All channels normalised as one group, not as eight: tells if GroupNorm is what loses colour.",
        norm_num_groups=1,
    ),
    Variant(
        "bright-groups1",
        "Bright, one GroupNorm group",
        "The bright control with all channels normalised as one group: the same without dimming.",
        brightness=1.0,
        norm_num_groups=1,
    ),
    Variant(
        "dim-deep-zsnr",
        "Deeper, zero terminal SNR",
        "Betas rescaled so that nothing of an image is left at the last timestep; the network predicts v.",
        zero_terminal_snr=True,
        prediction_type="v_prediction",
        **_DEEP,
    ),
    Variant(
        "dim-deep-x0",
        "Deeper, predicting x0",
        "The network predicts the image itself: no error of its prediction is enlarged by 1/√ᾱ.",
        prediction_type="sample",
        **_DEEP,
    ),
    Variant("bright-deep", "Bright, deeper", "Depth without dimming.", brightness=1.0, **_DEEP),
    Variant(
        "dim-deep-renorm",
        "Deeper, renormalised",
        "Dim images stretched to full range, for the deeper bright network: tells if dimming is to blame.",
        renormalised=True,
        weights="bright-deep",
        **_DEEP,
    ),
    Variant(
        "dim-deep-again",
        "Deeper, trained again",
        "The deeper network from another seed: how far two trainings of one experiment lie apart.",
        seed=1,
        **_DEEP,
    ),
    Variant(
        "dim-deep-again-2",
        "Deeper, a third time",
        "The deeper network from a third seed: as dim-again-2 is for the dim control.",
        seed=2,
        **_DEEP,
    ),
    Variant(
        "dim-deep-centred",
        "Deeper, centred",
        "The training set's mean colour is taken off before noising and put back after.",
        centred=True,
        **_DEEP,
    ),
    Variant(
        "dim-quarter",
        "A quarter as bright",
        "Images at a quarter of their brightness: with bright and dim, the shift over brightness.",
        brightness=0.25,
    ),
    Variant(
        "dim-long",
        "Dim, trained longer",
        "The dim control with twice its epochs: the post's “more epochs”.",
        epochs=100,
    ),
    Variant(
        "dim-deep-offset",
        "Deeper, offset noise",
        "A random colour is added to every image's noise, so that the network learns to move the mean.",
        offset_noise=0.1,
        **_DEEP,
    ),
    Variant(
        "fruit-bright",
        "Fruit, bright",
        "The bright control on another subject: synthetic images of fruit.",
        brightness=1.0,
        subject="fruit",
    ),
    Variant(
        "fruit-dim",
        "Fruit, dim",
        "The dim control on fruit: tells if what is found is about butterflies alone.",
        subject="fruit",
    ),
)


def _of_the_study(row: Variant) -> Variant:
    """The row with what all rows of photographs share."""
    return row if row.source else replace(row, subject="butterflies", synthetic=_ADDED)


STUDY: dict[str, Variant] = {row.name: _of_the_study(row) for row in _ROWS}
