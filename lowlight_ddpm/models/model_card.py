"""The model card of a checkpoint: what it is, how it was made, what was measured, and its limits."""

import re
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from lowlight_ddpm.images.sources import OURS
from lowlight_ddpm.variants import Variant
from lowlight_ddpm.variants.study import STUDY

OWN_LICENCE = "Apache-2.0"  # of images that our own code draws
# Of those that the Hub knows by name; it refuses a card with another name.
_HUB_LICENCES = {
    *("apache-2.0", "mit", "cc0-1.0", "pddl", "odbl", "cc-by-2.0", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0"),
    *("cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-sa-4.0", "cc-by-nc-nd-4.0"),
}
# Training sets that are known by their sha256: whose they are, for the card, and the licence of the weights.
_KNOWN = {
    "83af3d6a01d93c64e9c441a0b68c1e091fbe990b1691c6a0ca5da60617fa7ec1": (
        OWN_LICENCE,
        "{specimens} specimens of *Heliconius* of the Natural History Museum, London, photographed for Hoyal "
        "Cuthill, Guttenberg, Ledger, Crowther and Huertas (Science Advances, 2019; Dryad, "
        "doi:10.5061/dryad.2hp1978; on the Hub imageomics/Curated_GoldStandard_Hoyal_Cuthill), released "
        "under CC0 1.0, and {drawn} synthetic butterflies of this project.",
    )
}
# Records of before licences were recorded are all of the study's first photographs.
_FIRST_LICENCE = "learning-and-research-only"


def model_card(
    variant: Variant,
    record: dict[str, Any],
    measured: list[EvalResult] | None = None,
    picture: str = "",
    lacks: tuple[str, ...] = (),
) -> str:
    """The README.md of a checkpoint folder, with the metadata that the Hub reads.

    `measured` are metrics of an evaluation, `picture` the name of a file beside the card that shows sixteen
    of the variant's images from pure noise, `lacks` what an evaluation under way has still to measure; a card
    written by training has none of them.
    """
    subject = subject_of(variant, record["data"])
    is_dim = variant.brightness < 1 or variant.name in STUDY  # whose bright rows are its controls
    metadata = ModelCardData(
        model_name=variant.name if measured else None,
        eval_results=measured or None,
        **_licence(record["data"]),
        library_name="diffusers",
        pipeline_tag="unconditional-image-generation",
        tags=["ddpm", *(["low-light"] if is_dim else []), *([subject] if subject else [])],
        datasets=[record["data"]["source"]] if record["data"].get("kind") == "Hub" else None,
    )
    betas = f"{variant.betas}, T = 1000"
    if variant.zero_terminal_snr:
        betas += ", rescaled to zero terminal SNR"
    weights = "moving average (EMA)" if variant.averaged else "as after the last step, not averaged"
    body = _CARD.format(
        metadata=metadata.to_yaml(),
        v=variant,
        r=record,
        recipe=record["recipe"],
        set=record["data"],
        betas=betas,
        weights=weights,
        predicts=_PREDICTS[variant.prediction_type],
        arithmetic={"no": "fp32"}.get(record["precision"], record["precision"]),
        frame=_frame_note(variant, record["channel_mean"]),
        picture=f"![Sixteen images that {variant.name} generates from pure noise]({picture})\n"
        if picture
        else "",
        data=_data_card(record["data"], 1.0 if variant.renormalised else variant.brightness),
        figures=_figures(measured or [], lacks),
        drawn=f", {record['data']['drawn']} of them synthetic" if record["data"]["drawn"] else "",
        description=variant.description if subject == variant.subject else "",
        terms="" if "kind" in record["data"] else _TERMS,
        learned=subject or "the images above",
    )
    return str(ModelCard(re.sub(r"\n{3,}", "\n\n", body)))  # where a part is left out


def subject_of(variant: Variant, data: dict[str, Any]) -> str:
    """What a record's images show, as given to its training; "" where nothing was.

    Records of before that was asked are of the subject of their row.
    """
    return data.get("subject", variant.subject)


def are_photographs(data: dict[str, Any]) -> bool:
    """Whether a record's images are known to be photographs: of others it is not asked."""
    return "kind" not in data or data.get("sha256") in _KNOWN


def _licence(data: dict[str, Any]) -> dict[str, Any]:
    """The metadata on the licence: the study's own for its weights, else that of the images learned."""
    default = OWN_LICENCE if data.get("kind") == OURS else None if "kind" in data else _FIRST_LICENCE
    given, _ = _KNOWN.get(data.get("sha256", ""), (data.get("licence", default), ""))
    if given is None:
        return {"license": "unknown"}
    name = "-".join(given.lower().split())
    return {"license": name} if name in _HUB_LICENCES else {"license": "other", "license_name": name}


def _figures(measured: list[EvalResult], lacks: tuple[str, ...]) -> str:
    if not measured:
        return ""
    lines = "\n".join(f"| {result.metric_name} | {result.metric_value} |" for result in measured)
    rest = f" The evaluation is not complete, it lacks: {'; '.join(lacks)}." if lacks else ""
    return f"\n## Measured\n\n{measured[0].dataset_name}.{rest}\n\n| | |\n|---|---|\n{lines}\n"


def _data_card(data: dict[str, Any], brightness: float) -> str:
    """What is known of the training images; older records have nothing of it."""
    facts = [
        f"| {name} | {data[name]} |" for name in ("kind", "revision", "licence", "homepage") if name in data
    ]
    if not facts:
        return ""
    if "licence" not in data and data["kind"] != OURS:
        facts.append("| licence | not stated |")
    lines = "\n".join([*facts, f"| sha256 | `{data['sha256']}` |"])
    _, credit = _KNOWN.get(data["sha256"], ("", "The images, cropped and scaled."))
    said = credit.format(specimens=data["pictures"] - data["drawn"], drawn=data["drawn"])
    if brightness < 1:
        said += f" For training their pixel values were multiplied by {brightness}."
    return f"\n## Data\n\n{said}\n\n| | |\n|---|---|\n{lines}\n"


def _frame_note(variant: Variant, channel_mean: list[float]) -> str:
    """What a user of the pipeline's output must undo, since diffusers does not normalize the input."""
    if variant.centred:
        mean = ", ".join(f"{value:+.4f}" for value in channel_mean)
        return (
            "\nThe network works on images minus the mean colour of its training set: add "
            f"({mean}) to the R, G, B of the pipeline's output, in [-1, 1].\n"
        )
    if variant.renormalised:
        return (
            "\nThe network works on dim images stretched to full range: multiply the pixel values of "
            f"the pipeline's output by {variant.brightness}.\n"
        )
    return ""


# "sample" alone says nothing to a reader.
_PREDICTS = {"epsilon": "epsilon", "v_prediction": "v_prediction", "sample": "sample: x0, the image itself"}
_TERMS = """\
Trained on under a thousand photographs, whose licences allow learning and research only; so do these
weights. """

_CARD = """---
{metadata}
---

# {v.name}: {v.title}

{description}

{picture}
```python
from diffusers import DDPMPipeline

images = DDPMPipeline.from_pretrained("checkpoints/{v.name}")(num_inference_steps=50).images
```
{frame}
| | |
|---|---|
| brightness | {v.brightness} |
| ResNet layers per block | {v.layers_per_block} |
| betas | {betas} |
| the network predicts | {predicts} |
| offset noise | {v.offset_noise} |
| variance_type when sampling | {v.variance_type} |
| weights | {weights} |
| training | {r[epochs]} epochs ({r[steps]} steps of {recipe[batch_size]}), seed {v.seed}, {arithmetic} |
| images | {set[pictures]} of “{set[source]}” at {v.size} px{drawn}; 16 held out |

Made by `{r[command]}`. `training.json` beside this file has the rest.
{data}{figures}
## Limits

{terms}It has learned from {learned}, at {v.size} pixels, and from nothing else.
"""
