"""What a cell of a submission prints and shows, kept within a limit."""

from __future__ import annotations

import base64
import io

KEPT = ("text/plain", "text/markdown", "image/png")  # nothing that could run in the browser of who grades
CUT = "\n[output cut]\n"


class Outputs:
    """The outputs of one cell, cut at ``most`` characters."""

    def __init__(self, most: int):
        self.left, self.items, self.cut = most, [], False

    def _take(self, text: str) -> str:
        kept = text[: max(0, self.left)]
        self.left -= len(kept)
        return kept

    def stream(self, name: str, text: str) -> None:
        kept = self._take(text)
        if len(kept) < len(text) and not self.cut:
            self.cut, kept = True, kept + CUT
        if not kept:
            return
        last = self.items[-1] if self.items else {}
        if last.get("name") == name:
            last["parts"].append(kept)
        else:
            self.items.append({"output_type": "stream", "name": name, "parts": [kept]})

    def data(self, kind: str, data: dict, metadata: dict) -> None:
        kept = {}
        for mime in KEPT:
            value = data.get(mime)
            if isinstance(value, bytes):
                value = base64.b64encode(value).decode("ascii")
            if isinstance(value, str) and len(value) <= self.left:
                kept[mime] = self._take(value)
        if not kept and "text/plain" in data:
            kept["text/plain"] = self._take(str(data["text/plain"])) + CUT
        if kept:
            self.items.append({"output_type": kind, "data": kept, "metadata": _plain(metadata)})

    def error(self, name: str, value: str, lines: list) -> None:
        value, lines = value[:2000], [line[:2000] for line in lines[-40:]]
        self.items.append({"output_type": "error", "ename": name, "evalue": value, "traceback": lines})

    def result(self) -> list:
        for item in self.items:
            if "parts" in item:
                item["text"] = "".join(item.pop("parts"))
        return self.items


def _plain(metadata):
    """Caption and alt text of a figure, where a display has them; anything else is left out."""
    found = {}
    if isinstance(metadata, dict):
        if isinstance(metadata.get("caption"), str):
            found["caption"] = metadata["caption"][:2000]
        image = metadata.get("image/png")
        if isinstance(image, dict) and isinstance(image.get("alt"), str):
            found["image/png"] = {"alt": image["alt"][:2000]}
    return found


class Stream(io.TextIOBase):
    """Standard output or error of the cell that runs."""

    encoding = "utf-8"

    def __init__(self, name: str, owner):
        self.label, self.owner = name, owner

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.owner.outputs.stream(self.label, str(text))
        return len(text)
