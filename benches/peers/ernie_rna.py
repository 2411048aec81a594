"""Makes multimolecule 0.2.2's ERNIE-RNA run: the class of its outputs refuses what its own model passes to it."""

import multimolecule.models.ernierna.modeling_ernierna as module


class Output(dict):
    """Results by name or number."""

    def __getitem__(self, key):
        return list(self.values())[key] if isinstance(key, int) else super().__getitem__(key)

    def __getattr__(self, key):
        if key.startswith("__"):
            raise AttributeError(key)
        return self.get(key)

    __setattr__ = dict.__setitem__


def mend():
    for name in [name for name in dir(module) if name.startswith("ErnieRna") and "ModelOutput" in name]:
        setattr(module, name, Output)
