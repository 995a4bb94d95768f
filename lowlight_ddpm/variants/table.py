"""The table of variants: the study's rows, and those that a user registers, from Python or from a file."""

import re
import tomllib
from pathlib import Path

from lowlight_ddpm import environment
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.variants.row import FIELDS, Variant
from lowlight_ddpm.variants.study import STUDY

VARIANTS: dict[str, Variant] = dict(STUDY)
_ALSO: dict[str, str] = {}  # other names that a page's owner gave: paths, by which a row is found as well

OR_OWN = ", have LOWLIGHT_VARIANTS name the file of your own, or give the path of a network's folder"
OR_ROW = ", or have --variants or LOWLIGHT_VARIANTS name the file of your own"
_OR_SERVED = "; a network of another place is opened where LOWLIGHT_NETWORKS names it"


def find_variant(name: str, otherwise: str = "") -> Variant:
    """The row called `name`; where there is none, a Refusal lists the names, and says what to do `otherwise`.

    OR_OWN is for whoever may have any network opened, as a user of a served page may not; OR_ROW for what
    takes rows alone.
    """
    name = _ALSO.get(name, name)
    if name not in VARIANTS:
        otherwise = otherwise or _OR_SERVED * ("/" in name)
        raise Refusal(f"There is no variant “{name}”: choose one of {', '.join(VARIANTS)}{otherwise}.")
    return VARIANTS[name]


def register(row: Variant, also: str | None = None) -> Variant:
    """Add a row of your own to the table, so that it is trained, measured and offered as the study's are.

    It is found by the name `also` as well. A row that was registered under this name before is
    replaced. Raises Refusal for a name of the study's or one that no folder could have, and for
    `weights` of a row that is not there.
    """
    if row.name in STUDY and row != STUDY[row.name]:
        raise Refusal(f"The study has a variant {row.name} already: choose another name for yours.")
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", row.name, re.ASCII):
        raise Refusal(
            f"A variant cannot be called “{row.name}”: use letters, digits, dots, hyphens and underscores, "
            "since its checkpoint's folder has the same name."
        )
    if row.weights:
        find_variant(row.weights)
    VARIANTS[row.name] = row
    if also:
        _ALSO[also] = row.name
    return row


def register_file(path: Path) -> list[Variant]:
    """Register every row of a TOML file: a table each, called as the variant is, with fields of `Variant`.

    Raises Refusal where the file cannot be read, has a field that there is none of, and as `register` does.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Refusal(f"There is no file “{path}”: give the TOML file that has your variants.") from None
    except tomllib.TOMLDecodeError as error:
        raise Refusal(f"The variants in {path} are no TOML ({error}): correct the file there.") from error
    except (OSError, ValueError) as error:
        raise Refusal(f"The variants in {path} cannot be read: give a TOML file, [NAME] a row.") from error
    return [register(_row(name, table, path)) for name, table in tables.items()]


def register_from_environment() -> None:
    """Register the rows of the file that LOWLIGHT_VARIANTS names, if it names one."""
    if file := environment.value("LOWLIGHT_VARIANTS"):
        register_file(file)


def _row(name: str, table: object, path: Path) -> Variant:
    if not isinstance(table, dict):
        raise Refusal(f"The file {path} has “{name}” outside a row: write [NAME] above the fields of one.")
    known = [field for field in FIELDS if field != "name"]
    unknown = [field for field in table if field not in known]
    if unknown:
        raise Refusal(
            f"The variant {name} in {path} has a field “{unknown[0]}”: choose among {', '.join(known)}."
        )
    row = Variant(name, **table)
    given = [field for field in ("beta_start", "beta_end") if field in table]
    if given and not row.betas_count:
        raise Refusal(
            f"The variant {name} in {path} has {given[0]}, which its beta_schedule {row.beta_schedule} does "
            f"not look at: leave {' and '.join(given)} out, or choose another beta_schedule."
        )
    return row
