"""The servers that can be measured: how each is configured, started and asked for its version.

All get the same certificate and files, TLS 1.2 and 1.3 with session tickets, one event loop for each
worker, no access log unless asked for, and connections that are kept however many requests they make.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path

from fixture import Fixture
from loads import SMALL_FILE, Load
from processes import DESCRIPTORS, Unavailable

IDLE_SECONDS = 600


@dataclass(frozen=True)
class Setup:
    """One start of a server: where it may write, what it serves, and where."""

    folder: Path
    fixture: Fixture
    port: int
    workers: int
    access_log: Path | None = None

    def write(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text)
        return str(path)


class Peer:
    name: str
    version_arguments = ("-v",)
    where_from = "it is not installed"
    runs_programs = False    # whether it speaks CGI
    can_log = False    # whether its access log can be compared
    most_connections = DESCRIPTORS - 100

    def __init__(self, executable: str | None = None) -> None:
        self.executable = executable or shutil.which(self.name, path="/usr/sbin:/usr/bin:/usr/local/bin") or ""

    def command(self, setup: Setup) -> list[str]:
        """Writes the configuration and returns the command that runs in the foreground."""
        raise NotImplementedError

    def environment(self, setup: Setup) -> dict[str, str]:
        return {}

    def refusal(self, load: Load) -> str | None:
        """Why this server cannot do the load, if it cannot."""
        if load.is_cgi and not self.runs_programs:
            return "it runs no CGI programs"
        if load.idle + load.connections > self.most_connections:
            return f"it holds {self.most_connections:,} connections with {DESCRIPTORS:,} descriptors"
        return None

    def version(self) -> str:
        self.check_installed()
        shown = subprocess.run([self.executable, *self.version_arguments], check=False, capture_output=True,
                               text=True)
        number = re.search(r"\d+\.\d+(\.\d+)?(-\w+)?", shown.stdout + shown.stderr)
        return number.group() if number else "unknown"

    def check_installed(self) -> None:
        if not Path(self.executable).is_file():
            raise Unavailable(f"there is no {self.executable or self.name}: {self.where_from}")


class Martinet(Peer):
    name = "martinet"
    version_arguments = ("--version",)
    where_from = "`swift build -c release` makes it"
    runs_programs = True
    can_log = True

    def command(self, setup: Setup) -> list[str]:
        return [self.executable, "serve", str(setup.fixture.site), "--listen", f"127.0.0.1:{setup.port}",
                "--tls-cert", str(setup.fixture.certificate), "--tls-key", str(setup.fixture.key),
                "--workers", str(setup.workers), "--access-log", str(setup.access_log or "none"), "-q",
                "--cgi", f"/cgi-bin/={setup.fixture.scripts}"]


class OtherMartinet(Martinet):
    """Another build, or the same once more: then its ratio to itself is the noise."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path.resolve()))
        # A path has a slash, or else it would be the name of a peer, or that of Martinet itself.
        self.name = str(path) if "/" in str(path) else f"./{path}"


class Nginx(Peer):
    """With the open-file cache an operator turns on for speed."""

    name = "nginx"
    can_log = True

    def command(self, setup: Setup) -> list[str]:
        configuration = setup.write("nginx.conf", f"""
            daemon off;
            user {getuser()};
            worker_processes {setup.workers};
            worker_rlimit_nofile {DESCRIPTORS};
            error_log stderr warn;
            pid {setup.folder}/nginx.pid;
            events {{ worker_connections {self.most_connections}; }}
            http {{
                access_log {setup.access_log or "off"};
                sendfile on;
                tcp_nopush on;
                keepalive_timeout {IDLE_SECONDS}s;
                keepalive_requests 1000000000;
                open_file_cache max=10000 inactive=60s;
                open_file_cache_valid 60s;
                server {{
                    listen 127.0.0.1:{setup.port} ssl reuseport backlog=4096;
                    ssl_certificate {setup.fixture.certificate};
                    ssl_certificate_key {setup.fixture.key};
                    ssl_protocols TLSv1.2 TLSv1.3;
                    ssl_session_tickets on;
                    root {setup.fixture.site};
                    autoindex on;
                }}
            }}
            """)
        return [self.executable, "-c", configuration, "-e", "stderr"]


class H2o(Peer):
    """Without the separate process it can keep its private key in: that costs every handshake."""

    name = "h2o"

    def command(self, setup: Setup) -> list[str]:
        configuration = setup.write("h2o.conf", f"""
user: {getuser()}
num-threads: {setup.workers}
max-connections: {self.most_connections}
http1-request-timeout: {IDLE_SECONDS}
ssl-session-resumption:
  mode: ticket
listen:
  host: 127.0.0.1
  port: {setup.port}
  ssl:
    certificate-file: {setup.fixture.certificate}
    key-file: {setup.fixture.key}
    minimum-version: TLSv1.2
    ocsp-update-interval: 0
    neverbleed: OFF
file.dirlisting: ON
hosts:
  default:
    paths:
      /:
        file.dir: {setup.fixture.site}
""")
        return [self.executable, "-c", configuration]


class Lighttpd(Peer):
    """It closes a connection after 65 535 requests at most."""

    name = "lighttpd"
    runs_programs = True
    most_connections = DESCRIPTORS // 2

    def command(self, setup: Setup) -> list[str]:
        workers = setup.workers if setup.workers > 1 else 0
        configuration = setup.write("lighttpd.conf", f"""
            server.modules = ("mod_openssl", "mod_dirlisting", "mod_alias", "mod_cgi")
            server.document-root = "{setup.fixture.site}"
            server.bind = "127.0.0.1"
            server.port = {setup.port}
            server.max-worker = {workers}
            server.max-fds = {DESCRIPTORS}
            server.max-connections = {self.most_connections}
            server.listen-backlog = 4096
            server.max-keep-alive-requests = 65535
            server.max-keep-alive-idle = {IDLE_SECONDS}
            server.max-read-idle = {IDLE_SECONDS}
            dir-listing.activate = "enable"
            mimetype.assign = ("" => "application/octet-stream")
            alias.url = ("/cgi-bin/" => "{setup.fixture.scripts}/")
            $HTTP["url"] =~ "^/cgi-bin/" {{ cgi.assign = ("" => "") }}
            ssl.engine = "enable"
            ssl.pemfile = "{setup.fixture.certificate}"
            ssl.privkey = "{setup.fixture.key}"
            """)
        return [self.executable, "-D", "-f", configuration]


class Haproxy(Peer):
    """It serves no files: it answers with a small one that it read at its start."""

    name = "haproxy"

    def command(self, setup: Setup) -> list[str]:
        pair = setup.fixture.certificate.read_text() + setup.fixture.key.read_text()
        certificate = setup.write("haproxy.pem", pair)
        answer = setup.fixture.site / SMALL_FILE.strip("/")
        configuration = setup.write("haproxy.cfg", f"""
global
    nbthread {setup.workers}
    maxconn {self.most_connections}
    no strict-limits
defaults
    mode http
    timeout client {IDLE_SECONDS}s
    timeout http-request {IDLE_SECONDS}s
    timeout http-keep-alive {IDLE_SECONDS}s
frontend bench
    bind 127.0.0.1:{setup.port} ssl crt {certificate} alpn http/1.1 ssl-min-ver TLSv1.2 backlog 4096
    http-request return status 200 content-type application/octet-stream file {answer} if {{ path {SMALL_FILE} }}
    http-request return status 404
""")
        return [self.executable, "-db", "-f", configuration]

    def refusal(self, load: Load) -> str | None:
        if load.path != SMALL_FILE or load.conditional:
            return "it serves no files, only a small fixed answer"
        return super().refusal(load)


class Apache(Peer):
    """For CGI alone, with mod_cgid, whose daemon starts the programs for the threaded server. It refuses to be root."""

    name = "apache2"
    runs_programs = True

    def command(self, setup: Setup) -> list[str]:
        modules = "/usr/lib/apache2/modules"
        user = "www-data" if getuser() == "root" else getuser()
        for folder in (setup.folder, setup.folder.parent):
            folder.chmod(0o755)
        configuration = setup.write("apache.conf", f"""
            ServerRoot {setup.folder}
            PidFile {setup.folder}/apache.pid
            ErrorLog {setup.folder}/error.log
            ServerName localhost
            Listen 127.0.0.1:{setup.port}
            LoadModule mpm_event_module {modules}/mod_mpm_event.so
            LoadModule authz_core_module {modules}/mod_authz_core.so
            LoadModule ssl_module {modules}/mod_ssl.so
            LoadModule cgid_module {modules}/mod_cgid.so
            LoadModule alias_module {modules}/mod_alias.so
            User {user}
            ScriptSock {setup.folder}/cgid.sock
            KeepAliveTimeout {IDLE_SECONDS}
            MaxKeepAliveRequests 0
            StartServers 1
            ServerLimit 1
            ThreadsPerChild 64
            MaxRequestWorkers 64
            SSLEngine on
            SSLCertificateFile {setup.fixture.certificate}
            SSLCertificateKeyFile {setup.fixture.key}
            DocumentRoot {setup.fixture.site}
            ScriptAlias /cgi-bin/ {setup.fixture.scripts}/
            """)
        return [self.executable, "-DFOREGROUND", "-f", configuration]

    def refusal(self, load: Load) -> str | None:
        return super().refusal(load) if load.is_cgi else "it takes part for its CGI alone"


class Caddy(Peer):
    name = "caddy"
    version_arguments = ("version",)

    def command(self, setup: Setup) -> list[str]:
        configuration = setup.write("Caddyfile", f"""
{{
    admin off
    auto_https off
    servers {{
        protocols h1 h2
        timeouts {{
            idle {IDLE_SECONDS}s
        }}
    }}
}}
https://:{setup.port} {{
    bind 127.0.0.1
    tls {setup.fixture.certificate} {setup.fixture.key}
    root * {setup.fixture.site}
    file_server browse
}}
""")
        return [self.executable, "run", "--adapter", "caddyfile", "--config", configuration]

    def environment(self, setup: Setup) -> dict[str, str]:
        return {"GOMAXPROCS": str(setup.workers), "HOME": str(setup.folder),
                "XDG_DATA_HOME": str(setup.folder), "XDG_CONFIG_HOME": str(setup.folder)}


PEERS: dict[str, type[Peer]] = {peer.name: peer for peer in (Nginx, H2o, Lighttpd, Haproxy, Caddy, Apache)}
