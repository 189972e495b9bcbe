"""Kernels that talk over Unix sockets instead of network ports."""

from __future__ import annotations

import tempfile
from pathlib import Path

from jupyter_client.manager import AsyncKernelManager


class FileKernelManager(AsyncKernelManager):
    """Starts a kernel with its sockets in a folder of its own, so kernels started together never clash."""

    def __init__(self, **options):
        super().__init__(**options)
        self._folder = tempfile.TemporaryDirectory(prefix="kernel-")
        self.transport = "ipc"
        self.ip = str(Path(self._folder.name) / "socket")
        self.connection_file = str(Path(self._folder.name) / "connection.json")

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart)
        if not restart:
            self._folder.cleanup()

    cleanup_resources = _async_cleanup_resources
