"""`python -m lowlight_ddpm`."""

from lowlight_ddpm.cli import main

main()
