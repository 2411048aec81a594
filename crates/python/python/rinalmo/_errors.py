"""Exceptions and warnings. Messages are the library's own."""


class Error(Exception):
    """Something failed that is no mistake in the input, such as a damaged checkpoint or a device."""


class InputError(Error, ValueError):
    """What was given cannot be used: a sequence, a constraint, an option or the name of a model."""


class InputWarning(UserWarning):
    """What was given was changed before it was used, or a result does not hold everything."""
