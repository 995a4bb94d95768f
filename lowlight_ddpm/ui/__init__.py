"""The page: one face of the core, made of Gradio components; no mathematics lives here."""

import os

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # gradio reads it when it is imported

from lowlight_ddpm.ui import worker  # before anything that imports torch  # noqa: F401
