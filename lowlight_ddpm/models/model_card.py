"""The model card of a checkpoint: what it is, how it was made, what was measured, and its limits."""

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from lowlight_ddpm.images.sources import OURS
from lowlight_ddpm.variants import Variant

FREE = "CC0-1.0"  # photographs that put no condition on what is learned from them


def model_card(
    variant: Variant, record: dict, measured: list[EvalResult] | None = None, picture: str = ""
) -> str:
    """The README.md of a checkpoint folder, with the metadata that the Hub reads.

    `measured` are metrics of an evaluation, `picture` the name of a file beside the card that shows sixteen
    of the variant's images from pure noise; a card written by training has neither.
    """
    ours = variant.source and record["data"].get("kind") == OURS
    free = ours or record["data"].get("licence") == FREE
    metadata = ModelCardData(
        model_name=variant.name if measured else None,
        eval_results=measured or None,
        license="apache-2.0" if free else "other",
        license_name=None if free else "learning-and-research-only",
        library_name="diffusers",
        pipeline_tag="unconditional-image-generation",
        tags=["ddpm", "low-light", variant.subject],
        datasets=[record["data"]["source"]] if record["data"].get("kind") == "Hub" else None,
    )
    betas = f"{variant.beta_start} to {variant.beta_end}, {variant.beta_schedule}, T = 1000"
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
        data=_data_card(record["data"]),
        figures=_figures(measured or []),
        drawn=f", {record['data']['drawn']} of them synthetic" if record["data"]["drawn"] else "",
        terms="" if free else _TERMS,
    )
    return str(ModelCard(body))


def _figures(measured: list[EvalResult]) -> str:
    if not measured:
        return ""
    lines = "\n".join(f"| {result.metric_name} | {result.metric_value} |" for result in measured)
    return f"\n## Measured\n\n{measured[0].dataset_name}.\n\n| | |\n|---|---|\n{lines}\n"


def _data_card(data: dict) -> str:
    """What is known of the training images; older records have nothing of it."""
    facts = [
        f"| {name} | {data[name]} |" for name in ("kind", "revision", "licence", "homepage") if name in data
    ]
    if not facts:
        return ""
    lines = "\n".join([*facts, f"| sha256 | `{data['sha256']}` |"])
    return f"\n## Data\n\nThe images, cropped and scaled.\n\n| | |\n|---|---|\n{lines}\n"


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

{v.description}

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

{terms}It generates {v.subject} on white, at {v.size} pixels, and nothing else.
"""
