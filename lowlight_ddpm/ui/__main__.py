"""The page of an installed package: `python -m lowlight_ddpm.ui`; in a checkout app.py is the same."""

from lowlight_ddpm.ui import interface, server
from lowlight_ddpm.ui.worker import logs

if __name__ == "__main__":
    logs.begin()  # first: building the page opens the images that it offers, and logs which are left out
    server.launch(interface.build())
