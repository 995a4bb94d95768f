"""What may be asked of the endpoints, checked before anything waits in the queue.

Gradio answers a name that it does not know with a bare status 500, and an id that it does not know with a
stream that breaks off.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from fastapi import HTTPException, Request
from fastapi.exception_handlers import request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from gradio.route_utils import API_PREFIX

from lowlight_ddpm.diffusion.settings import RunSettings, run_settings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.ui.api.table import ENDPOINTS
from lowlight_ddpm.ui.worker.queue import knows

BY_NAME = f"{API_PREFIX}/call/v2/"
HOW = (
    f'Send the parameters by name to {BY_NAME}NAME, as a JSON object such as {{"steps": 50}} with the header '
    f'Content-Type: application/json, or all in order to {API_PREFIX}/call/NAME, as {{"data": [...]}}.'
)
NO_RUN = (
    "There is no run “{}” here, or its result has been fetched already: ask for it again by POST, and fetch "
    "it once."
)


def check(name: str, given: Mapping) -> None:
    """Raise Refusal for an endpoint or a parameter that there is not, and for a value that it cannot have.

    `given` are values by the parameters' names; an image is looked at when its turn comes, and no sooner.
    """
    check_name(name)
    endpoint = ENDPOINTS[name]
    fields = {field.name: field for field in endpoint.fields}
    for key, value in given.items():
        if key not in fields:
            raise Refusal(_unknown(name, key, list(fields)))
        fields[key].check(value)
    settings = {key: value for key, value in given.items() if key in RunSettings.model_fields}
    run_settings(**settings | endpoint.function.fixed)


def check_name(name: str) -> None:
    """Raise Refusal for an endpoint that there is not."""
    if name not in ENDPOINTS:
        raise Refusal(f"There is no endpoint “{name}”: choose one of {', '.join(ENDPOINTS)}.")


def by_name(name: str, values: Sequence) -> dict[str, Any]:
    """Values in the order of an endpoint's parameters, by name. Raises Refusal for any other number."""
    check_name(name)
    names = [field.name for field in ENDPOINTS[name].fields]
    if len(values) != len(names):
        raise Refusal(
            f"A list of values for {name} has {len(names)}, and not {len(values)}: "
            f"send those that you need by name, to {BY_NAME}{name}."
        )
    return dict(zip(names, values, strict=True))


def _unknown(name: str, key: str, known: list[str]) -> str:
    near, listed = get_close_matches(key, known, n=1), ", ".join(known)
    choice = f"take {near[0]}, or another of {listed}" if near else f"choose among {listed}"
    return f"There is no parameter “{key}” of {name}: {choice if known else 'leave it out'}."


async def refuse(request: Request) -> None:
    """Answer what cannot be done with a sentence: 404 for what there is not, 400 for what is wrong with it.

    A dependency of the app; of its routes it concerns those of the endpoints alone.
    """
    name, event = (request.path_params.get(key) for key in ("api_name", "event_id"))
    if name is None:
        return
    is_json = request.method == "POST" and "json" in request.headers.get("content-type", "")
    body = await request.json() if is_json else None
    if name == "predict" and isinstance(body, dict) and body.get("fn_index") is not None:
        return  # the page's own, of a function that has a number and no name
    try:
        check_name(name)
        if event is not None and not knows(request.app.get_blocks(), event):
            raise Refusal(NO_RUN.format(event))
    except Refusal as refusal:
        raise HTTPException(404, str(refusal)) from None
    try:
        if BY_NAME in request.url.path and isinstance(body, dict):
            check(name, body)
        elif isinstance(body, dict) and isinstance(body.get("data"), list):
            check(name, by_name(name, body["data"]))
    except Refusal as refusal:
        raise HTTPException(400, str(refusal)) from None


async def refuse_body(request: Request, error: Exception) -> Response:
    """Answer a request that has not the form that a route needs."""
    if "api_name" in request.path_params:
        return JSONResponse({"detail": HOW}, 400)
    assert isinstance(error, RequestValidationError)
    return await request_validation_exception_handler(request, error)
