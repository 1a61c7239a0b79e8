"""What can be set, with its type, default and meaning."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

SECRET = frozenset(
    {
        "metrics_token",
        "database_url",
        "database_owner_url",
        "nats_url",
        "generation_key",
        "secret_key",
        "smtp_url",
    }
)
"""Settings whose value is never repeated in an error."""

Count = Annotated[int, Meta(ge=0)]
Processes = Annotated[int, Meta(ge=0, le=1024)]
Positive = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0, le=3600)]
_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_WEIGHT = rf"{_UUID}=(0\.\d{{0,2}}[1-9]|[1-9]\d{{0,3}}(\.\d{{1,3}})?)"
Weights = Annotated[str, Meta(pattern=rf"^({_WEIGHT}(,{_WEIGHT})*)?$")]


def _about(description: str) -> Meta:
    return Meta(description=description)


class Given(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of Hanse, as they are given."""

    home: Annotated[
        str,
        _about(
            "Folder of all data, models and run-time files. Default: `/var/lib/hanse` for root, "
            "`~/.local/share/hanse` for everybody else."
        ),
    ] = ""
    host: Annotated[str, _about("Address on which the web processes listen.")] = "127.0.0.1"
    port: Annotated[
        Annotated[int, Meta(ge=0, le=65535)],
        _about("Port on which the web processes listen; 0 takes any free one."),
    ] = 8080
    public_url: Annotated[
        Annotated[str, Meta(pattern="^$|^https?://[^/]")],
        _about("How people reach Hanse, used in links. Default: `http://localhost:PORT`."),
    ] = ""
    gateway_port: Annotated[
        Annotated[int, Meta(ge=0, le=65535)],
        _about(
            "Port on which the gateway listens for the chat's sockets, at HANSE_HOST. Default: the "
            "one after HANSE_PORT; any free one if that is 0."
        ),
    ] = 0
    gateway_url: Annotated[
        Annotated[str, Meta(pattern="^$|^wss?://[^/]")],
        _about(
            "How clients reach the gateway. Default: `/v1/chat/socket` at HANSE_PUBLIC_URL, which "
            "the proxy in front passes on to the gateway; without one, its port on `localhost`."
        ),
    ] = ""
    web_processes: Annotated[
        Processes, _about("Web processes; 0 means one for every two cores.")
    ] = 0
    workers: Annotated[Processes, _about("Inference workers; 0 means one for each core.")] = 0
    database_url: Annotated[
        Annotated[str, Meta(pattern="^$|^postgres(ql)?://")],
        _about(
            "PostgreSQL 18 as role `hanse_app`. Empty: Hanse starts its own. `hanse_relay` "
            "and `hanse_jobs` must be reachable at the same address with the same password."
        ),
    ] = ""
    database_owner_url: Annotated[
        Annotated[str, Meta(pattern="^$|^postgres(ql)?://")],
        _about("PostgreSQL as the role that owns the schema: for migrations and the command line."),
    ] = ""
    database_connections_max: Annotated[
        Positive, _about("Connections to PostgreSQL of each process.")
    ] = 8
    nats_url: Annotated[
        Annotated[str, Meta(pattern="^$|^(nats|tls)://")],
        _about("NATS with JetStream. Empty: Hanse starts its own."),
    ] = ""
    inference_socket: Annotated[
        str,
        _about(
            "Where the inference scheduler is: a path or `unix:/path` of a Unix socket, or "
            "`tls://host:port` on another machine. Default: `run/inference.sock` in the home."
        ),
    ] = ""
    inference_listen: Annotated[
        Annotated[str, Meta(pattern="^$|^tls://[^/]+:[0-9]{1,5}$")],
        _about(
            "Where the scheduler also takes clients and workers of other machines, as "
            "`tls://0.0.0.0:8471`. Empty: it serves its own machine alone."
        ),
    ] = ""
    inference_advertise: Annotated[
        Annotated[str, Meta(pattern="^$|^tls://[^/]+:[0-9]{1,5}$")],
        _about(
            "How other machines reach this scheduler, told to its cell, as `tls://10.0.0.5:8471`. "
            "Default: as it listens."
        ),
    ] = ""
    inference_cell: Annotated[
        Annotated[str, Meta(pattern="^[a-zA-Z0-9_-]{0,64}$")],
        _about(
            "Name of the cell. Of several schedulers of one cell NATS elects the active one; a "
            "machine of workers finds it there. Empty: the scheduler is alone and needs no NATS."
        ),
    ] = ""
    inference_cells: Annotated[
        Annotated[str, Meta(pattern="^$|^[*]$|^[a-zA-Z0-9_,-]{1,4000}$")],
        _about(
            "Names of the cells among which requests are shared out, with commas between them; "
            "`*` takes all that NATS knows. Empty: the scheduler at HANSE_INFERENCE_SOCKET."
        ),
    ] = ""
    inference_certificate: Annotated[
        str, _about("PEM file with the certificate that is shown to other machines of inference.")
    ] = ""
    inference_key: Annotated[str, _about("PEM file with its private key.")] = ""
    inference_authority: Annotated[
        str, _about("PEM file with the authorities whose certificates are trusted there.")
    ] = ""
    worker_kind: Annotated[
        str,
        _about(
            "Name of this machine's speed, for workers that serve another machine: costs are "
            "learned for each kind. Default: the name of its processor."
        ),
    ] = ""
    postgres_user: Annotated[
        str,
        _about(
            "Existing account that runs the embedded PostgreSQL when root starts Hanse. "
            "Default: the first that exists of hanse, postgres, nobody."
        ),
    ] = ""
    models_directory: Annotated[str, _about("Folder of models. Default: `models` in the home.")] = (
        ""
    )
    pseudo_engine: Annotated[
        bool,
        _about(
            "Answer pairs that no model covers by pseudo-localisation, marked as such: "
            "for tests and demos."
        ),
    ] = False
    pinned_models: Annotated[
        Annotated[str, Meta(pattern=r"^[^,\s]*(,[^,\s]+)*$")],
        _about(
            "Models that every worker loads at its start and never unloads, by name with commas "
            "between, as `en-de,de-en`; the first ones first, as far as they fit. Others are "
            "loaded and unloaded by demand."
        ),
    ] = ""
    worker_memory_mib: Annotated[
        Count,
        _about(
            "Memory that the models of each worker may take, in MiB; 0 means an equal part of half "
            "of the machine's or container's."
        ),
    ] = 0
    translation_engine: Annotated[
        Literal["auto", "firefox", "firefox-onnx", "fxtranslate"],
        _about(
            "Engine of the translation models. `firefox` is Hanse's own and many times faster; it "
            "is compiled at installation where there is a C compiler. `firefox-onnx` does the same "
            "without one, slower. `fxtranslate` is Mozilla's. `auto` takes the first that can run "
            "a model."
        ),
    ] = "auto"
    generation_url: Annotated[
        Annotated[str, Meta(pattern="^$|^https?://[^/]")],
        _about(
            "Server of a language model that speaks OpenAI's chat completions (vLLM, llama.cpp, "
            "Ollama), up to and with its `/v1`. It rephrases texts, and revises translations "
            "by instructions, context and formality. Empty: neither is done."
        ),
    ] = ""
    generation_model: Annotated[str, _about("Name of the model at that server.")] = "default"
    generation_key: Annotated[str, _about("Key for that server, if it asks for one.")] = ""
    generation_slots: Annotated[
        Annotated[int, Meta(ge=1, le=1024)],
        _about("Requests that the server of the language model is given at once."),
    ] = 4
    rpc_address: Annotated[
        Annotated[str, Meta(pattern="^$|:[0-9]{1,5}$")],
        _about(
            "Where gRPC is served, as `127.0.0.1:8051`, without TLS: choose an address that only "
            "your own machines reach. Empty: it is not."
        ),
    ] = ""
    queue_items_max: Annotated[
        Positive, _about("Sentences that may wait for a worker; more get 503.")
    ] = 20_000
    organisation_running_max: Annotated[
        Positive, _about("Sentences of one organisation that are computed at the same time.")
    ] = 4_096
    organisation_weights: Annotated[
        Weights,
        _about(
            "Time of the workers that organisations are given while others wait too, as a multiple "
            "of what those get: `ID=2,ID=0.5`. Default: 1 for all."
        ),
    ] = ""
    cache_shared: Annotated[
        bool,
        _about(
            "Whether a translation cached for one organisation may answer another. How fast an "
            "answer comes then tells whether somebody else had it translated."
        ),
    ] = False
    cache_bytes_max: Annotated[
        Count, _about("Memory for cached translations; 0 turns the cache off.")
    ] = 32 * 1024 * 1024
    rate_limit_per_minute: Annotated[
        Count, _about("Requests a minute that each API key may send; 0 means no limit.")
    ] = 30_000
    characters_per_month_max: Annotated[
        Count,
        _about("Characters that each organisation may use in a calendar month; 0: no limit."),
    ] = 0
    organisation: Annotated[
        Annotated[str, Meta(min_length=1, max_length=200)],
        _about("Name of the organisation that the first start makes."),
    ] = "My organisation"
    operating_organisation: Annotated[
        Annotated[str, Meta(pattern=f"^({_UUID})?$")],
        _about(
            "Id of the organisation that runs this server: its administrators see all of inference "
            "(`/v1/inference/status`), others only what is their own. Empty: nobody sees all."
        ),
    ] = ""
    owner_email: Annotated[
        Annotated[str, Meta(pattern="^[^@\\s]+@[^@\\s]+$")],
        _about("E-mail address of the person who owns it."),
    ] = "owner@localhost"
    secret_key: Annotated[
        Annotated[str, Meta(pattern="^$|^.{32,}$")],
        _about(
            "Seals the few secrets that must be read again (authenticator apps, identity "
            "providers, webhooks); 32 characters or more, the same on all machines. Empty: "
            "`secret.key` in the home, made at the first start. Who loses it sets those up anew."
        ),
    ] = ""
    breached_passwords_file: Annotated[
        str,
        _about(
            "Sorted file of SHA-1 digests of passwords that nobody may take, one a line. "
            "Empty: none is looked up."
        ),
    ] = ""
    sign_in_limit_per_minute: Annotated[
        Count,
        _about(
            "Requests a minute that each network address may send to sign in; 0 means no limit."
        ),
    ] = 600
    webhook_allowed_hosts: Annotated[
        str,
        _about(
            "Hosts of your own network that webhooks and programs of rooms may call, with commas "
            "between: names "
            "(`*.intern.example`), addresses, networks (`10.1.0.0/16`), or `host:port` for a port "
            "other than 80, 443, 8080 and 8443. Empty: public addresses alone."
        ),
    ] = ""
    webhook_allow_http: Annotated[
        bool, _about("Whether webhooks may be called without TLS, where all can read them.")
    ] = False
    incoming_webhook_limit_per_minute: Annotated[
        Count,
        _about("Messages a minute that each incoming webhook may post; 0 means no limit."),
    ] = 120
    matrix_initial_syncs_per_minute: Annotated[
        Count,
        _about(
            "Syncs from the beginning a minute that each person or API key may ask for by Matrix, "
            "in which all rooms are read; 0 means no limit."
        ),
    ] = 10
    chat_file_bytes_max: Annotated[
        Count, _about("Largest file that people may bring into a room of the chat; 0 takes none.")
    ] = 100 * 1024 * 1024
    chat_link_previews: Annotated[
        bool,
        _about(
            "Whether this server fetches pages that people link to, to show their titles beside "
            "the message. Those pages then see the server's address."
        ),
    ] = False
    program_runners: Annotated[
        Count,
        _about(
            "Processes for programs of rooms beside each process of the role rooms; 0: programs "
            "wait."
        ),
    ] = 1
    virus_scanner: Annotated[
        Annotated[str, Meta(pattern="^$|^tcp://[^/]+:[0-9]{1,5}$|^unix:/.")],
        _about(
            "ClamAV's clamd, which looks at each file before it is kept: `tcp://host:3310` or "
            "`unix:/path`. While it does not answer, no file is taken. Its `StreamMaxLength` must "
            "not be less than HANSE_CHAT_FILE_BYTES_MAX. Empty: files are not scanned."
        ),
    ] = ""
    smtp_url: Annotated[
        Annotated[str, Meta(pattern="^$|^smtps?://[^/]")],
        _about(
            "Mail server: `smtp://user:password@host:587` (STARTTLS, which must succeed) or "
            "`smtps://user:password@host:465`; `smtp://host?starttls=no` for a relay on this "
            "machine or in a trusted network. Empty: no e-mail is sent."
        ),
    ] = ""
    smtp_authority: Annotated[
        str,
        _about(
            "PEM file with the authorities whose certificates the mail server may show. Empty: "
            "those of the system."
        ),
    ] = ""
    mail_from: Annotated[
        str,
        _about(
            "Sender of e-mails, as `Hanse <hanse@example.org>`. Default: `hanse@` and the host of "
            "HANSE_PUBLIC_URL."
        ),
    ] = ""
    push_services: Annotated[
        str,
        _about(
            "Hosts of the push services of browsers that may be written to, with commas between "
            "and `*.` for all within a domain; what is sent there is encrypted for the browser. "
            "Empty: no push messages."
        ),
    ] = "fcm.googleapis.com,*.push.services.mozilla.com,*.push.apple.com,*.notify.windows.com"
    trusted_proxies: Annotated[
        str,
        _about(
            "Addresses of the proxies whose `X-Forwarded-For` is believed, with commas between."
        ),
    ] = "127.0.0.1,::1"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], _about("Least level logged.")
    ] = "info"
    log_format: Annotated[
        Literal["auto", "json", "text"],
        _about("Form of log lines; auto: text on a terminal, else JSON."),
    ] = "auto"
    metrics_token: Annotated[
        str,
        _about("Bearer token that `/metrics` asks for. Empty: it answers this machine alone."),
    ] = ""
    metrics_listen: Annotated[
        Annotated[str, Meta(pattern="^$|^[^/:]+:[0-9]{1,5}$")],
        _about(
            "Where `hanse serve inference` alone answers Prometheus, as `0.0.0.0:9090`, to whoever "
            "reaches it. Empty: it does not; `/metrics` of `hanse serve` covers all its processes."
        ),
    ] = ""
    otlp_endpoint: Annotated[
        Annotated[str, Meta(pattern="^$|^https?://[^/]")],
        _about("OTLP/HTTP collector for traces (needs `hanse[otel]`). Empty: no traces."),
    ] = ""
    drain_s: Annotated[Seconds, _about("Time that running requests get to finish at a stop.")] = (
        10.0
    )
