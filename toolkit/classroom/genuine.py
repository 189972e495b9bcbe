"""What modules held before student code ran, so that tests can be run with it."""

from __future__ import annotations

import sys
import types

HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: a class written in Python, which can be changed
FIXED = (type, property, classmethod, staticmethod, types.FunctionType, types.BuiltinFunctionType, types.ModuleType)
HOOKS = {"excepthook", "displayhook"}  # the shell sets these itself


class Genuine:
    """Modules and their classes as they are now; ``restore`` puts back the functions and classes replaced since."""

    def __init__(self):
        # weights of a model or an open file may change; what can be called may not
        self.spaces = [
            (name, module, dict(vars(module)))
            for name, module in list(sys.modules.items())
            if hasattr(module, "__dict__") and name != "__main__"
        ]
        classes = {
            id(value): value
            for _, _, names in self.spaces
            for value in names.values()
            if isinstance(value, type) and value.__flags__ & HEAP_TYPE
        }
        self.spaces += [(value.__qualname__, value, dict(vars(value))) for value in classes.values()]

    def restore(self) -> list[str]:
        """Undoes the replacements; returns the names of those made by code that is in no file, as in a notebook."""
        changed = []
        for name, owner, names in self.spaces:
            now = dict(vars(owner))
            for key, value in names.items():
                if now.get(key) is not value and isinstance(value, FIXED) and key not in HOOKS:
                    changed += self._undo(f"{name}.{key}", now.get(key), setattr, owner, key, value)
            if isinstance(owner, type):  # a new method can stand in front of an inherited one
                for key in now.keys() - names.keys():
                    if any(key in vars(base) for base in owner.__mro__[1:]):
                        changed += self._undo(f"{name}.{key}", now[key], delattr, owner, key)
        return changed

    @staticmethod
    def _undo(name: str, new: object, change, *arguments) -> list[str]:
        try:
            change(*arguments)
        except (AttributeError, TypeError):
            return []
        code = getattr(new, "__code__", None)  # libraries replace some of their own functions on first use
        return [name] if code is not None and code.co_filename.startswith("<") else []
