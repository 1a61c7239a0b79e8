"""What follows from the settings: absolute paths, addresses, and lists taken apart."""

import os
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from hanse.server.settings.model import Given

if TYPE_CHECKING:
    from hanse.chat import FileRules
    from hanse.platform.outbound import OutboundRules


class Settings(Given, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of Hanse, and what follows from them."""

    @property
    def home_path(self) -> Path:
        """The folder of all data, absolute."""
        if self.home:
            return Path(self.home).expanduser().absolute()
        if os.geteuid() == 0:
            return Path("/var/lib/hanse")
        return Path("~/.local/share/hanse").expanduser()

    @property
    def address(self) -> str:
        """How people reach Hanse, without a slash at the end."""
        return self.public_url.rstrip("/") or f"http://localhost:{self.port}"

    @property
    def gateway_address(self) -> str:
        """How clients reach the gateway; empty if nobody has said so."""
        if self.gateway_url:
            return self.gateway_url
        if self.public_url:
            return f"ws{self.public_url.rstrip('/').removeprefix('http')}/v1/chat/socket"
        return f"ws://localhost:{self.gateway_port}/v1/chat/socket" if self.gateway_port else ""

    @property
    def gateway_port_wanted(self) -> int:
        """The port on which the gateway is to listen; 0 for any."""
        return self.gateway_port or (self.port + 1 if 0 < self.port < 65535 else 0)

    @property
    def run_path(self) -> Path:
        """Sockets, locks and whatever else means something only while Hanse runs."""
        return self.home_path / "run"

    @property
    def inference_socket_path(self) -> Path:
        """Where web processes find the inference scheduler."""
        path = self.inference_socket.removeprefix("unix:")
        if not path or path.startswith("tls://"):
            return self.run_path / "inference.sock"
        return Path(path)

    @property
    def generation_socket_path(self) -> Path:
        """Where web processes find the scheduler of the language model."""
        socket = self.inference_socket_path
        return socket.with_name(f"generation-{socket.name}")

    @property
    def models_path(self) -> Path:
        """Where `hanse models add` puts models."""
        return Path(self.models_directory or self.home_path / "models")

    @property
    def weights(self) -> dict[UUID, float]:
        """Weights of organisations other than 1, by their ids."""
        pairs = (each.split("=") for each in self.organisation_weights.split(",") if each)
        return {UUID(organisation): float(weight) for organisation, weight in pairs}

    @property
    def webhook_rules(self) -> "OutboundRules":
        """Which addresses webhooks may call. Raises ValueError."""
        from hanse.platform.outbound import parse_rules

        return parse_rules(self.webhook_allowed_hosts, allow_http=self.webhook_allow_http)

    @property
    def file_rules(self) -> "FileRules":
        """What files people may bring into rooms."""
        from hanse.chat import FileRules

        return FileRules(self.chat_file_bytes_max, self.virus_scanner)

    @property
    def operating_id(self) -> UUID | None:
        """The organisation that runs this server, if it is named."""
        return UUID(self.operating_organisation) if self.operating_organisation else None

    @property
    def pinned(self) -> tuple[str, ...]:
        """Models that every worker holds, by name."""
        return tuple(name for name in self.pinned_models.split(",") if name)

    @property
    def worker_count(self) -> int:
        """Inference workers to start."""
        return self.workers or os.cpu_count() or 1

    @property
    def web_process_count(self) -> int:
        """Web processes to start."""
        return self.web_processes or max(1, (os.cpu_count() or 1) // 2)
