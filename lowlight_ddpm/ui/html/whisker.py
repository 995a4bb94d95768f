"""A difference and how sure it is: a dot and its interval beside zero, as HTML."""

from html import escape

from lowlight_ddpm.study.bootstrap import Interval

ROOM = 1.15  # of the furthest end, so that no whisker touches the edge


def whisker(difference: Interval, too_small: float, said: str) -> str:
    """HTML of the dot and its interval; grey is what is `too_small` to count, `said` is all of it in words.

    Zero is in the middle, and every one has a scale of its own: the band tells how large it is.
    """
    reach = ROOM * max(abs(difference.low), abs(difference.high), 1.5 * too_small)
    low, mean, high, left, right = (
        round(50 + 50 * value / reach, 2)
        for value in (difference.low, difference.mean, difference.high, -too_small, too_small)
    )
    return (
        f'<div class="whisker" role="img" aria-label="{escape(said)}">'
        '<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect x="{left}" width="{round(right - left, 2)}" y="0" height="100"/>'
        '<line class="zero" x1="50" x2="50" y1="0" y2="100"/>'
        f'<line x1="{low}" x2="{high}" y1="50" y2="50"/></svg>'
        f'<i style="left:{mean}%"></i></div>'
    )
