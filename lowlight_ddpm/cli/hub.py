"""The command that publishes."""

from typing import Annotated

import typer

from lowlight_ddpm.cli.app import app


@app.command()
def publish(
    space: Annotated[str | None, typer.Option(help="The Space, OWNER/NAME.")] = None,
    models: Annotated[str | None, typer.Option(help="Who owns the checkpoints' repositories.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would go, and send nothing.")] = False,
) -> None:
    """Upload the Space, and each checkpoint with its card, to the Hub.

    The token is that of `hf auth login`, or HF_TOKEN.
    """
    from huggingface_hub import HfApi

    from lowlight_ddpm.report import publish

    for upload in publish.uploads(space, models):
        size = sum(path.stat().st_size for path in upload.files.values()) / 1e6
        print(f"{upload.kind} {upload.repository}: {len(upload.files)} files, {size:.1f} MB")
        if dry_run:
            print("\n".join(f"  {path}" for path in upload.files))
        else:
            print(f"  at {publish.publish(upload, HfApi())}")
