"""The page: `python app.py`, then open the address that it prints."""

from lowlight_ddpm.ui import interface

demo = interface.build()

if __name__ == "__main__":
    interface.launch(demo)
