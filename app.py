"""The page: `python app.py`, then open the address that it prints."""

from lowlight_ddpm.ui import interface, server
from lowlight_ddpm.ui.worker import logs

if __name__ == "__main__":
    logs.begin()  # first: building the page opens the images that it offers, and logs which are left out

demo = interface.build()

if __name__ == "__main__":
    server.launch(demo)
