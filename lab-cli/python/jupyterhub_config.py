"""JupyterHub's configuration for `cargo lab hub`; what depends on the class is in the file that LAB_HUB names.

Existing engines do the work: NativeAuthenticator keeps the passwords, a local spawner starts the servers, the idle
culler ends them. Not here: the walls between students (hub/walls.rs), which come as the start of a command line.
"""

import json
import os
import secrets
import signal
from pathlib import Path

from jupyterhub.spawner import SimpleLocalProcessSpawner
from nativeauthenticator import NativeAuthenticator

settings = json.loads(Path(os.environ["LAB_HUB"]).read_text("utf-8"))
state = Path(settings["state"])
# No letters or digits that look alike on paper.
LETTERS = "abcdefghkmnpqrstuvwxyz23456789"


def private(name, text, mode="w"):
    """Writes a file of the hub that nobody else can read."""
    with open(os.open(name, os.O_WRONLY | os.O_CREAT | (os.O_APPEND if mode == "a" else os.O_TRUNC), 0o600), mode) as file:
        file.write(text)


class LabAuthenticator(NativeAuthenticator):
    """Those who are listed come in, with passwords that are made here and told to the teacher."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.enable_signup = True
        for name in sorted(self.allowed_users | self.admin_users):
            if not self.user_exists(name):
                password = "".join(secrets.choice(LETTERS) for _ in range(10))
                self.create_user(name, password)
                private(settings["passwords"], f"{name},{password}\n", "a")
        self.enable_signup = False


class LabSpawner(SimpleLocalProcessSpawner):
    """A server behind walls; a signal goes to all of its group, since the first process of it only waits."""

    async def start(self):
        name = self.user.name
        if name not in settings["commands"]:
            raise ValueError(f"у {name} нет домашней папки: перезапустите cargo lab hub с --user {name}")
        self.cmd = [*settings["commands"][name], settings["python"], "-m", "jupyterhub.singleuser"]
        return await super().start()

    async def _signal(self, sig):
        # A Jupyter server asks back at an interrupt; a request to end it just obeys.
        sig = signal.SIGTERM if sig == signal.SIGINT else sig
        try:
            os.killpg(self.pid, sig)
        except ProcessLookupError:
            return False
        return True


c = get_config()  # noqa: F821 - given by traitlets

scheme = "https" if settings["ssl_cert"] else "http"
c.JupyterHub.bind_url = f"{scheme}://{settings['ip']}:{settings['port']}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{settings['port'] + 1}"
c.JupyterHub.ssl_cert = settings["ssl_cert"] or ""
c.JupyterHub.ssl_key = settings["ssl_key"] or ""
c.JupyterHub.db_url = f"sqlite:///{state / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(state / "cookie-secret")
c.ConfigurableHTTPProxy.command = settings["proxy"]
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{settings['port'] + 2}"
c.ConfigurableHTTPProxy.pid_file = str(state / "proxy.pid")

c.JupyterHub.authenticator_class = LabAuthenticator
c.Authenticator.allowed_users = set(settings["commands"])
c.Authenticator.admin_users = {settings["admin"]}
# Whoever guesses passwords waits a minute after ten of them.
c.NativeAuthenticator.allowed_failed_logins = 10
c.NativeAuthenticator.seconds_before_next_try = 60
c.NativeAuthenticator.minimum_password_length = 8

c.JupyterHub.spawner_class = LabSpawner
c.SimpleLocalProcessSpawner.home_dir_template = settings["homes"] + "/{username}"
c.Spawner.environment = settings["environment"]
c.Spawner.env_keep = ["LANG", "LC_ALL", "LD_LIBRARY_PATH"]
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = 180
c.Spawner.http_timeout = 180
c.Spawner.args = [
    f"--MappingKernelManager.cull_idle_timeout={settings['idle']}",
    "--MappingKernelManager.cull_interval=60",
]
if "JUPYTER_RUNTIME_DIR" in settings["environment"]:
    # What a kernel publishes goes to whoever connects, and all students share 127.0.0.1: sockets in a folder of the
    # server's own are out of the others' reach.
    c.Spawner.args.append("--KernelManager.transport=ipc")

token = secrets.token_hex(32)
private(state / "api-token", token)
culler = [settings["python"], "-m", "jupyterhub_idle_culler", f"--timeout={settings['idle']}"]
c.JupyterHub.services = [
    {"name": "idle-culler", "command": culler},
    {"name": "lab", "api_token": token},
]
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["idle-culler"],
    },
    {"name": "lab", "scopes": ["admin:users", "admin:servers", "access:servers"], "services": ["lab"]},
]
