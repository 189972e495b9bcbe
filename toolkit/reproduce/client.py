"""What feeds a notebook's cells to a kernel: nbclient with a quick start and a limit on what is kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from queue import Empty

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

from toolkit.claims.result import REPORT_MIME, RESULT_MIME
from toolkit.reproduce.run import PRINTED, SHOWN

RENEW = 3  # seconds without an answer after which the connection is made anew; about one in 700 does not come about


class Client(NotebookClient):
    """Executes every cell of ``notebook`` in ``kernel``, in place.

    Args:
        notebook: gets the outputs as they come.
        kernel: started by somebody else, who also ends it.
        cell_done: called after every cell.
    """

    def __init__(self, notebook, kernel, cell_done: Callable[[], None]):
        super().__init__(notebook, km=kernel, timeout=None, record_timing=True, coalesce_streams=True)
        self.on_cell_executed = lambda **_: cell_done()
        self._printed: dict[int, int] = {}
        self._shown = 0

    async def connect(self, seconds: float) -> None:
        """Waits until the kernel answers and its outputs arrive.

        Raises:
            DeadKernelError: it died, or did not answer in this many seconds.
        """
        end = time.monotonic() + seconds
        while True:
            self.close()
            self.kc = self.km.client()
            self.kc.start_channels(stdin=False, hb=False)
            self.kc.allow_stdin = False
            renew = time.monotonic() + RENEW
            while time.monotonic() < renew:
                self.kc.kernel_info()
                try:
                    await self.kc.shell_channel.get_msg(timeout=0.5)
                    await self.kc.iopub_channel.get_msg(timeout=0.05)
                    return
                except Empty:
                    if not await self.km.is_alive() or time.monotonic() > end:
                        raise DeadKernelError("the kernel did not start") from None

    def close(self) -> None:
        if self.kc is not None:
            self.kc.stop_channels()

    def note(self, text: str) -> None:
        """Leaves an error in the cell that was running, for one that could not do so itself."""
        ran = [cell for cell in self.nb.cells if cell.cell_type == "code" and "execution" in cell.metadata]
        if ran:
            ran[-1].outputs.append(nbformat.v4.new_output("error", ename="RunEnded", evalue=text, traceback=[text]))

    def output(self, outs, msg, display_id, cell_index):
        """Keeps an output, unless the cell or the notebook has made too many. Verdicts are always kept."""
        content = msg["content"]
        if msg["msg_type"] == "stream":
            before = self._printed.get(cell_index, 0)
            self._printed[cell_index] = before + len(content["text"])
            if before >= PRINTED:
                return None
            if self._printed[cell_index] >= PRINTED:
                content["text"] = content["text"][: PRINTED - before] + "\n[cut here: this cell printed too much]\n"
        elif "data" in content and not {RESULT_MIME, REPORT_MIME} & content["data"].keys():
            size = sum(len(str(value)) for value in content["data"].values())
            if self._shown + size > SHOWN:
                content["data"] = {"text/plain": "[left out: this notebook showed too much]"}
            else:
                self._shown += size
        return super().output(outs, msg, display_id, cell_index)
