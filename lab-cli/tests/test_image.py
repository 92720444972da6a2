"""The image and the class on Kubernetes (.binder/): what its files say agrees with the rest of the lab.

Neither Docker nor a cluster is needed. Not here: that the image builds and runs.
"""

import re
import shlex
import stat

import jsonschema
import pytest
import yaml
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.config.manager import ConfigManager
from jupyterhub.app import JupyterHub
from nativeauthenticator import NativeAuthenticator

from lab import ROOT, tomllib

FOLDER = ROOT / ".binder"
# What the values use of the schema of the chart, as version 4.4.0 of it has it: the names and the types are the chart's,
# whatever it has besides is left out.
CHART = "4.4.0"


def instructions():
    """The instructions of the Dockerfile, as pairs of a word and the rest, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", (FOLDER / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [tuple(line.split(maxsplit=1)) for line in lines if line.strip()]


def rest(word):
    """What follows each instruction of a kind."""
    return [text for name, text in instructions() if name == word]


def copied():
    """Where the last stage takes each thing from, and where it puts it."""
    copies = [shlex.split(text) for text in rest("COPY")]
    lines = [[word for word in words if not word.startswith("--chown")] for words in copies if words[0] == "--from=build"]
    return {source: words[-1] for words in lines for source in words[1:-1]}


def obj(required=(), **properties):
    """A schema of an object that has these properties and no others."""
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": list(required)}


def kinds(*names):
    """A schema of a value of one of these types."""
    return {"type": list(names)}


BOOLEAN, INTEGER, STRING, NUMBER = kinds("boolean"), kinds("integer", "null"), kinds("string", "null"), kinds("number", "null")
MEMORY, ANY = kinds("number", "string", "null"), {"type": "object"}
VOLUMES = {"type": ["array", "object"], "items": ANY}
SCHEMA = obj(
    hub=obj(
        config={"type": "object", "additionalProperties": ANY},
        concurrentSpawnLimit=INTEGER,
        activeServerLimit=INTEGER,
        allowNamedServers=kinds("boolean", "null"),
    ),
    proxy=obj(service=obj(type={"enum": ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]})),
    singleuser=obj(
        image=obj(["name", "tag"], name=kinds("string"), tag=kinds("string"), pullPolicy={"enum": ["IfNotPresent", "Always"]}),
        cmd=kinds("array", "string", "null"),
        defaultUrl=STRING,
        startTimeout=INTEGER,
        uid=INTEGER,
        fsGid=INTEGER,
        allowPrivilegeEscalation=kinds("boolean", "null"),
        cpu=obj(guarantee=NUMBER, limit=NUMBER),
        memory=obj(guarantee=MEMORY, limit=MEMORY),
        extraResource=obj(guarantees=ANY, limits=ANY),
        profileList={"type": "array", "items": ANY},
        storage=obj(
            ["type", "homeMountPath"],
            type={"enum": ["dynamic", "static", "none"]},
            capacity=STRING,
            homeMountPath=kinds("string"),
            extraVolumes=VOLUMES,
            extraVolumeMounts=VOLUMES,
        ),
        extraFiles={
            "type": "object",
            "additionalProperties": obj(["mountPath", "data"], mountPath=kinds("string"), data=ANY),
        },
        networkPolicy=obj(
            enabled=BOOLEAN,
            egressAllowRules=obj(nonPrivateIPs=BOOLEAN, privateIPs=BOOLEAN, cloudMetadataServer=BOOLEAN),
        ),
    ),
    cull=obj(["enabled"], enabled=BOOLEAN, timeout=INTEGER, every=INTEGER, maxAge=INTEGER),
    prePuller=obj(["hook", "continuous"], hook=obj(["enabled"], enabled=BOOLEAN), continuous=obj(["enabled"], enabled=BOOLEAN)),
)
# What a profile may change: names of the spawner of Kubernetes.
OVERRIDES = {"cpu_limit", "cpu_guarantee", "mem_limit", "mem_guarantee", "image"}


class OneKey(yaml.SafeLoader):
    """A reader of YAML to which a key that comes twice is an error."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"a key comes twice: {keys}"
        return super().construct_mapping(node, deep)


@pytest.fixture(scope="module")
def values():
    """The values for the chart."""
    return yaml.load((FOLDER / "values.yaml").read_text("utf-8"), OneKey)


def size(text):
    """A size of memory in bytes, as Kubernetes (Mi) or KubeSpawner (M) writes it."""
    number, unit = re.fullmatch(r"([\d.]+)([KMGT]i?)", text).groups()
    power = "KMGT".index(unit[0]) + 1
    return float(number) * (1024 if unit.endswith("i") or len(unit) == 1 else 1000) ** power


def test_the_toolchain_is_the_one_the_lab_asks_for():
    cargo = tomllib.loads((ROOT / "Cargo.toml").read_text("utf-8"))
    base, *others = rest("FROM")
    image, version, debian = re.fullmatch(r"(\w+):(\d+\.\d+)\.\d+-(.+) AS base", base).groups()
    assert (image, version) == ("rust", cargo["workspace"]["package"]["rust-version"])
    assert debian == "slim-bookworm"
    assert others == ["base AS build", "base"], "all stages stand on the same toolchain"


def test_the_packages_are_those_that_the_checks_install():
    script = (ROOT / ".ci/run").read_text("utf-8")
    needed = {name for names in re.findall(r"missing\+=\(([^)]*)\)", script) for name in names.split()}
    installed = re.search(r"apt-get install ([^&]*)", " ".join(rest("RUN"))).group(1).split()
    # tini buries the processes that a killed kernel leaves behind; elsewhere the system does.
    assert {name for name in installed if not name.startswith("--")} == needed | {"tini"}


def test_the_steps_are_those_of_the_command():
    build = instructions()[[name for name, _ in instructions()].index("FROM", 1) :]
    steps = [text for name, text in build[: [name for name, _ in build].index("FROM", 1)] if name == "RUN"]
    assert steps == ["cargo lab setup"]
    assert "    Setup,\n" in (ROOT / "lab-cli/src/args.rs").read_text("utf-8")


def test_a_student_gets_what_a_hub_shares_and_no_solutions():
    walls = (ROOT / "lab-cli/src/hub/walls.rs").read_text("utf-8")
    parts = re.findall(r'"([^"]+)"', re.search(r"let parts =\s*\[([^\]]*)\]", walls).group(1))
    assert len(parts) > 5, parts
    made = ["target/lab/kernel", "target/debug/lab-kernel", "data", "notebooks/*.ipynb", ".binder/start"]
    assert set(copied()) == {f"/srv/lab/{part}" for part in parts + made} | {"/usr/local/cargo/registry"}
    # Only the stage that is thrown away sees the sources of the notebooks.
    assert [text for text in rest("COPY") if not text.startswith("--from=build")] == [". ."]
    ignored = (FOLDER / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    assert {"target", ".venv", "notebooks/*.ipynb"} <= set(ignored), "an own copy could be one with solutions"


def test_the_user_is_nobody_special_and_the_same_everywhere(values):
    user = values["singleuser"]
    arguments = dict(text.split("=") for text in rest("ARG") if "=" in text)
    assert arguments == {"NB_USER": "jovyan", "NB_UID": str(user["uid"])}, "the names that Binder gives"
    assert rest("USER") == ["${NB_UID}"]
    assert user["storage"]["homeMountPath"] == f"/home/{arguments['NB_USER']}"
    assert rest("WORKDIR") == ["/srv/lab", "/home/${NB_USER}"], "a volume over the home must not hide the lab"


def test_the_first_program_becomes_the_one_that_was_asked_for():
    start = FOLDER / "start"
    assert start.stat().st_mode & stat.S_IXUSR
    assert start.read_text("utf-8").rstrip().endswith('exec "$@"')
    assert rest("ENTRYPOINT") == ['["tini", "--", "lab-start"]']
    assert copied()["/srv/lab/.binder/start"] == "/usr/local/bin/lab-start"


def test_whatever_starts_jupyter_obeys_the_settings_of_the_environment():
    # Binder and Kubernetes start it with commands of their own, in which nothing of ours stands.
    server = ServerApp()
    server.load_config_file(suppress_errors=False)
    assert server.config.ZMQChannelsWebsocketConnection.iopub_data_rate_limit >= 1e9
    lab = ConfigManager(config_dir_name="labconfig")
    quiet = lab.get("default_setting_overrides")["@jupyterlab/apputils-extension:notification"]
    assert quiet["fetchNews"] == "false"


def test_the_values_are_those_the_chart_knows(values):
    jsonschema.Draft7Validator(SCHEMA).validate(values)
    classes = {"JupyterHub": JupyterHub, "Authenticator": NativeAuthenticator, "NativeAuthenticator": NativeAuthenticator}
    for name, settings in values["hub"]["config"].items():
        unknown = set(settings) - set(classes[name].class_trait_names())
        assert not unknown, f"{name} has no {unknown}"
    with pytest.raises(jsonschema.ValidationError, match="memmory"):
        jsonschema.Draft7Validator(SCHEMA).validate({"singleuser": {"memmory": {}}})


def test_a_profile_changes_what_a_spawner_has_within_order(values):
    user = values["singleuser"]
    assert sum(profile.get("default", False) for profile in user["profileList"]) == 1
    usual = {
        "mem_guarantee": user["memory"]["guarantee"],
        "mem_limit": user["memory"]["limit"],
        "cpu_guarantee": user["cpu"]["guarantee"],
        "cpu_limit": user["cpu"]["limit"],
    }
    for profile in user["profileList"]:
        changed = profile.get("kubespawner_override", {})
        assert set(changed) <= OVERRIDES
        given = {**usual, **changed}
        assert size(given["mem_guarantee"]) <= size(given["mem_limit"])
        assert given["cpu_guarantee"] <= given["cpu_limit"]


def test_what_the_teacher_lays_out_is_read_only(values):
    storage = values["singleuser"]["storage"]
    claims = {volume["name"]: volume["persistentVolumeClaim"] for volume in storage["extraVolumes"]}
    for mount in storage["extraVolumeMounts"]:
        assert mount["readOnly"] and claims[mount["name"]]["readOnly"]
        # The page makes the claim that the values ask for.
        assert f"name: {claims[mount['name']]['claimName']}" in (FOLDER / "README.md").read_text("utf-8")


def test_one_image_and_one_chart_everywhere(values):
    page = (FOLDER / "README.md").read_text("utf-8")
    version = tomllib.loads((ROOT / "Cargo.toml").read_text("utf-8"))["workspace"]["package"]["version"]
    image = values["singleuser"]["image"]
    assert image["tag"] == version
    assert f"--tag {image['name']}:{version}" in page
    assert f"--version {CHART}" in page
    assert CHART in (FOLDER / "values.yaml").read_text("utf-8").splitlines()[0]
    # The hub of that chart is JupyterHub 5.5; the image's must be as new.
    assert re.search(r"^jupyterhub==5\.5\.", (ROOT / "lab-cli/requirements.txt").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_no_registry_and_no_place_of_ours(path):
    text = path.read_text("utf-8")
    # An image is named without the registry's host; whoever builds has their own.
    assert not re.search(r"\b[\w-]+\.(io|com|dev|local)/[\w-]+[/:]", text), path
    assert not re.search(r"(^|[\s=:\"'])/(root|work|tmp|Users)/", text, re.MULTILINE), path
