"""The Helm chart: what it renders is valid Kubernetes, and keeps what its pages promise."""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from authstream.contracts.access import STAGES
from authstream.settings import Settings
from tests import npm_packages
from tests.providers.checkers import ROOT, checker, run
from tests.providers.go_programs import HELM

pytestmark = pytest.mark.timeout(120)

CHART = ROOT / "deploy" / "helm" / "authstream"
KEDA = Path(__file__).resolve().parent / "npm_keda"
SCALED = "ScaledObject"
#: The oldest that the chart allows, and the newest that the checker knows.
KUBERNETES = ("1.28", "1.29", "1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36", "1.37")
EVERYTHING = (
    *("--set", "keda.enabled=true", "--set", "keda.actions={claims,crm-enrich}"),
    *("--set", "admin.enabled=true", "--set", "kafka.caSecret=kafka-ca"),
    *("--set", "gateway.connections=connections"),
)
#: A Helm built from its module believes that clusters are 1.20, unless told.
_CLUSTER = ("--namespace", "auth", "--kube-version", f"{KUBERNETES[-1]}.0")
Manifest = dict[str, Any]


def helm(*words: str | Path) -> str:
    """What helm prints; its complaint if it fails."""
    done = run(HELM.built(), *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


@cache
def text(*options: str) -> str:
    """The chart, rendered."""
    return helm("template", "login", CHART, *_CLUSTER, *options)


def manifests(*options: str) -> list[Manifest]:
    """The objects of the rendered chart."""
    return [one for one in yaml.safe_load_all(text(*options)) if one]


def of_kind(kind: str, *options: str) -> dict[str, Manifest]:
    """Those of one kind, by name."""
    found = manifests(*options)
    return {one["metadata"]["name"]: one for one in found if one["kind"] == kind}


def pods(*options: str) -> Iterator[tuple[str, Manifest, Manifest]]:
    """Every pod's name, its labels and its specification."""
    for one in manifests(*options):
        template = one.get("spec", {}).get("template")
        if template is not None:
            yield one["metadata"]["name"], template["metadata"]["labels"], template["spec"]


@pytest.mark.parametrize("options", [(), EVERYTHING], ids=["defaults", "everything"])
def test_lint_finds_nothing(options: tuple[str, ...]) -> None:
    """Also no warnings."""
    helm("lint", "--strict", CHART, *options)


@pytest.mark.parametrize("version", KUBERNETES)
def test_what_is_rendered_is_valid(version: str, tmp_path: Path) -> None:
    """By the schemas of each Kubernetes; KEDA's kind by its own, below."""
    known = [one for one in manifests(*EVERYTHING) if one["kind"] != SCALED]
    file = tmp_path / "manifests.yaml"
    file.write_text(yaml.safe_dump_all(known))
    strict = ("--strict", "--version", version, f"{file}")
    done = run(checker("kubernetes-validate"), *strict)
    assert done.returncode == 0, done.stdout + done.stderr


def keda_says(*scaled: Manifest) -> list[str | None]:
    """KEDA's complaint about each ScaledObject, by the schema of its custom resource."""
    there = npm_packages.installed(KEDA)
    script = there / "scaled_objects.mjs"
    script.write_bytes((KEDA / script.name).read_bytes())
    done = subprocess.run(
        ("node", script), input=json.dumps(scaled), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said: list[str | None] = json.loads(done.stdout)
    return said


def test_what_scales_is_valid_for_keda() -> None:
    """With and without an authentication; and its schema does find what is wrong."""
    authenticated = (*EVERYTHING, "--set", "keda.authentication=kafka")
    scaled = [
        one for options in (EVERYTHING, authenticated) for one in of_kind(SCALED, *options).values()
    ]
    wrong = copy.deepcopy(scaled[0])
    wrong["spec"]["maxReplicaCount"] = "many"
    del wrong["spec"]["triggers"]
    *complaints, found = keda_says(*scaled, wrong)
    assert complaints == [None] * len(scaled)
    assert found is not None
    assert "triggers" in found


@pytest.mark.parametrize(
    "wrong",
    [
        ("--set", "workers.entry.replica=2"),
        ("--set", "kafka.partitions=none"),
        ("--set", "environment.AUTHSTREAM_SLIP_KEY=in-the-open"),
        ("--set-json", 'kafka.settings={"sasl.password": "in-the-open"}'),
        ("--set", "terminationGracePeriodSeconds=5"),
    ],
    ids=lambda words: words[-1],
)
def test_wrong_values_are_refused(wrong: tuple[str, ...]) -> None:
    """A misspelling, and a secret that would be in the open."""
    done = run(HELM.built(), "template", "login", CHART, *wrong)
    assert done.returncode != 0
    assert "values don't meet the specifications" in done.stderr


def test_every_pod_is_restricted() -> None:
    """The Pod Security Standard `restricted`, and nothing of its own may be written but volumes."""
    for name, _, pod in pods(*EVERYTHING):
        said = pod["securityContext"]
        assert said["runAsNonRoot"] is True, name
        assert said["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod), name
        assert all("hostPath" not in volume for volume in pod["volumes"]), name
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert container["resources"]["limits"]["memory"], name
            assert container["resources"]["requests"]["cpu"], name


def test_secrets_are_files_and_each_process_has_its_own() -> None:
    """No secret is a variable; only what runs actions can open theirs."""
    holders: dict[str, set[str]] = {}
    for name, _, pod in pods(*EVERYTHING):
        for container in pod["containers"]:
            assert all("secretKeyRef" not in json.dumps(one) for one in container["env"]), name
        (volume,) = [one for one in pod["volumes"] if one["name"] == "secrets"]
        for source in volume["projected"]["sources"]:
            (item,) = source["secret"]["items"]
            holders.setdefault(item["key"], set()).add(name.removeprefix("login-"))
    assert holders["AUTHSTREAM_SECRET_KEYS"] == {"action", "admin"}
    assert holders["AUTHSTREAM_CONTROL_SIGNING_KEY"] == {"canary", "admin"}
    assert holders["AUTHSTREAM_SMTP__PASSWORD"] == {"effect"}
    assert holders["AUTHSTREAM_SLIP_KEY"] == {"entry", "action", "assemble", "resume"}


def test_every_secret_is_a_setting() -> None:
    """A key that no process reads would be a promise without effect."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    servers = [values[name] for name in ("gateway", "admin", "topics")]
    for said in [*values["workers"].values(), *servers]:
        for variable in said["secrets"]:
            parts = variable.removeprefix("AUTHSTREAM_").lower().split("__")
            fields: Any = Settings.model_fields
            for part in parts:
                assert part in fields, variable
                fields = getattr(fields[part].annotation, "model_fields", {})


def test_every_stage_has_a_worker() -> None:
    """Nothing is left without a process, and nothing has two."""
    words = {name: pod["containers"][0]["args"] for name, _, pod in pods()}
    hosted = [one for said in words.values() if said[0] == "worker" for one in said[2:]]
    assert sorted(stage.partition(".")[0] for stage in hosted) == sorted(STAGES)


def test_replicas_keep_their_names_only_where_that_is_wanted() -> None:
    """The pod's name is the static member's; a value of false is heard."""
    options = ("--set", "workers.effect.staticMembership=false")
    instances = {
        name: any(one["name"] == "AUTHSTREAM_INSTANCE" for one in pod["containers"][0]["env"])
        for name, _, pod in pods(*options)
        if name in of_kind("StatefulSet", *options)
    }
    assert instances.pop("login-effect") is False
    assert set(instances.values()) == {True}


def test_probes_ask_for_progress_and_for_caught_up_views() -> None:
    """A worker's are `/livez` and `/readyz`; each server has three too."""
    for name, one in of_kind("StatefulSet").items():
        (container,) = one["spec"]["template"]["spec"]["containers"]
        paths = {
            kind: container[kind]["httpGet"]["path"]
            for kind in ("startupProbe", "livenessProbe", "readinessProbe")
        }
        assert paths["livenessProbe"] == paths["startupProbe"] == "/livez", name
        assert paths["readinessProbe"] == "/readyz", name
    for one in of_kind("Deployment", *EVERYTHING).values():
        (container,) = one["spec"]["template"]["spec"]["containers"]
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(container)


def test_there_is_time_to_drain() -> None:
    """A supervisor gives its worker 25 s; the gateway's longest call takes 22 s after 5 s."""
    for name, _, pod in pods(*EVERYTHING):
        if name != "login-topics":
            assert pod["terminationGracePeriodSeconds"] >= 30, name


def selects(selector: Manifest, labels: Manifest) -> bool:
    """Whether a selector means a pod."""
    wanted: Manifest = selector["matchLabels"]
    return wanted.items() <= labels.items()


def test_every_pod_may_be_evicted_one_at_a_time_and_is_spread() -> None:
    """Over zones and hosts; a disruption budget each."""
    budgets = of_kind("PodDisruptionBudget", *EVERYTHING).values()
    for name, labels, pod in pods(*EVERYTHING):
        if name == "login-topics":
            continue
        (budget,) = [one for one in budgets if selects(one["spec"]["selector"], labels)]
        assert budget["spec"]["maxUnavailable"] == 1
        keys = [one["topologyKey"] for one in pod["topologySpreadConstraints"]]
        assert keys == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"], name
        for one in pod["topologySpreadConstraints"]:
            assert selects(one["labelSelector"], labels), name


def test_pods_reach_only_what_they_need() -> None:
    """Nobody calls a worker; only what must leaves the cluster, actions to no private net."""
    policies = of_kind("NetworkPolicy", *EVERYTHING)
    for name, labels, _ in pods(*EVERYTHING):
        if name == "login-topics":
            continue
        (policy,) = [
            one for one in policies.values() if selects(one["spec"]["podSelector"], labels)
        ]
        assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
        ports = {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}
        more = ports - {53, 9092, 4318}
        wanted = {
            "login-action": {443},
            "login-effect": {443, 587, 25},
            "login-metadata": {443, 5432},
            "login-gateway": {443},
        }
        assert more == wanted.get(name, set()), name
    (action,) = [
        peer["ipBlock"]
        for rule in policies["login-action"]["spec"]["egress"]
        for peer in rule.get("to", [])
    ]
    assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"} == set(
        action["except"]
    )


def test_lag_scales_each_worker_within_its_partitions() -> None:
    """One ScaledObject for a worker, a trigger for each of its consumer groups, no fixed number."""
    scaled = of_kind(SCALED, *EVERYTHING)
    sets = of_kind("StatefulSet", *EVERYTHING)
    assert set(scaled) == set(sets)
    for name, one in scaled.items():
        spec = one["spec"]
        assert spec["scaleTargetRef"]["name"] == name
        assert "replicas" not in sets[name]["spec"]
        assert 1 <= spec["minReplicaCount"] <= spec["maxReplicaCount"] <= 12
        for trigger in spec["triggers"]:
            assert trigger["type"] == "kafka"
            assert trigger["metadata"]["allowIdleConsumers"] == "false"
    groups = {
        name: [trigger["metadata"]["consumerGroup"] for trigger in one["spec"]["triggers"]]
        for name, one in scaled.items()
    }
    assert groups["login-action"] == ["auth.action.claims", "auth.action.crm-enrich"]
    assert groups["login-entry"] == ["auth.entry"]


def test_topics_are_made_before_workers_check_them() -> None:
    """A hook of install and upgrade."""
    (job,) = of_kind("Job").values()
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert job["spec"]["template"]["spec"]["containers"][0]["args"] == ["topics", "apply"]
