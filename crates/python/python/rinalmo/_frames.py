"""Results as tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Mapping, Union

from ._errors import Error
from ._results import Fold

if TYPE_CHECKING:
    import pandas


def to_frame(results: Iterable[Union[Fold, Mapping[str, Any]]]) -> pandas.DataFrame:
    """Turn results into a data frame, a row for each.

    Parameters
    ----------
    results : iterable of Fold or dict
        What `fold`, `score`, `variants`, `predict` or `evaluate.structures` returned.

    Returns
    -------
    pandas.DataFrame
        Of a Fold its scalars and texts (`Fold.to_dict`), of a dict all.

    Raises
    ------
    Error
        pandas is not installed.
    """
    try:
        import pandas
    except ImportError:
        raise Error("pandas is not installed\nhint: pip install pandas") from None
    return pandas.DataFrame([row.to_dict() if isinstance(row, Fold) else dict(row) for row in results])
