"""The page: one face of the core, made of Gradio components; no mathematics lives here."""

import os

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # gradio reads it when it is imported

from lowlight_ddpm import environment
from lowlight_ddpm.errors import Refusal

try:
    environment.check()
except Refusal as refusal:  # however the page is served, this is read instead of a traceback through imports
    raise SystemExit(str(refusal)) from None

from lowlight_ddpm.ui import worker  # before anything that imports torch  # noqa: F401
