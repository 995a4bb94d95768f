"""Every figure of the post, and ours, drawn again from checkpoints and results.

What they are drawn from is in `inputs`, the figures are in `table`: only the latter asks for matplotlib.
"""
