"""The page: `python app.py`, then open the address that it prints."""

from lowlight_ddpm.ui import interface, server
from lowlight_ddpm.ui.worker import logs

demo = interface.build()

if __name__ == "__main__":
    logs.begin()
    server.launch(demo)
