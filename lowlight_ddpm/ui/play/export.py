"""A run as one file to take home: pictures, settings and measures, and the picture that it worked on."""

import hashlib
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.runs.export import run_report, write_run
from lowlight_ddpm.ui.messages import refusals_shown
from lowlight_ddpm.ui.session import Picked, Run, Session

REPORT = "run.json"
CONTENTS = (
    "One zip: the result, a contact sheet and an animation as the model sees them, your picture as it came, "
    f"and {REPORT}, from which the command line makes the very result again."
)


def pack(session: Session) -> str:
    """The path of the finished run's zip, in the cache that Gradio clears."""
    with refusals_shown():
        if session.finished is None:
            raise Refusal("There is nothing to download yet: press Run first.")
        name = f"{session.finished.settings.variant}-{session.finished.settings.seed}.zip"
        return save_bytes_to_cache(packed(session.finished), name, get_upload_folder())


def packed(run: Run) -> bytes:
    """The zip of a run that made at least one step; the same run gives the same bytes."""
    file = BytesIO()
    with TemporaryDirectory() as folder:
        *pictures, report = write_run(Path(folder), report_of(run), run.history)
        contents = [(path.name, path.read_bytes()) for path in pictures] + [(REPORT, report.read_bytes())]
    if not run.generates:
        contents.append(input_of(run.picked))
    with ZipFile(file, "w") as zipped:
        for name, content in contents:
            zipped.writestr(ZipInfo(name), content, ZIP_DEFLATED)  # of no date, lest the bytes depend on it
    return file.getvalue()


def report_of(run: Run) -> dict:
    """What run.json holds, beside what export.run_report adds."""
    record = checkpoints.load(run.settings.variant).record
    found = (
        {"means": run.means[-1], "training_means": run.target()} if run.generates else asdict(run.judgement)
    )
    picture = None
    if not run.generates:
        name, content = input_of(run.picked)
        picture = {"name": run.picked.name, "file": name, "sha256": hashlib.sha256(content).hexdigest()}
    return run_report(
        run.settings, run.history, weights_sha256=record["weights_sha256"], picture=picture, **found
    )


def input_of(picked: Picked) -> tuple[str, bytes]:
    """(name in the zip, content): an upload as it came while it is there, any other picture as a PNG."""
    if picked.file and picked.file.exists():
        return f"input{picked.file.suffix.lower()}", picked.file.read_bytes()
    content = BytesIO()
    picked.image.save(content, "PNG")
    return "input.png", content.getvalue()
