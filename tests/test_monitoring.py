"""The alerts and the dashboard in deploy/ name metrics that exist, and work."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from handlers import collectors, metrics
from tests.docs import DOCS, ROOT

RULES = ROOT / "deploy" / "prometheus-rules.yaml"
DASHBOARD: Mapping[str, Any] = json.loads(
    (ROOT / "deploy" / "grafana-dashboard.json").read_text()
)
STORIES = ROOT / "tests" / "alerts.yaml"
ALERTS = [
    rule
    for group in yaml.safe_load(RULES.read_text())["groups"]
    for rule in group["rules"]
]
PANELS = DASHBOARD["panels"]
# Each metric that the program has, with its labels. The last are the client library's.
METRICS: dict[str, set[str]] = {
    **{f"{name}_total": {*own.labels} for name, own in metrics.COUNTERS.items()},
    **{name: {*own.labels} for name, own in metrics.GAUGES.items()},
    **{name: {*own.labels} for name, own in collectors.GAUGES.items()},
    "process_start_time_seconds": set(),
    "process_resident_memory_bytes": set(),
    "process_cpu_seconds_total": set(),
}
# Labels that Prometheus adds. It renames our `job`, having one of that name.
SCRAPED = {"instance", "exported_job"}
PROMTOOL = shutil.which("promtool") or ""
needs_promtool = pytest.mark.skipif(not PROMTOOL, reason="promtool is not installed")


def metric_names(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:backswing|process)_\w+", expression))


def labels(expression: str) -> set[str]:
    """Return the labels that an expression selects or groups by."""
    grouped = re.findall(r"\b(?:by|on) \(([^)]*)\)", expression)
    selected = re.findall(r"(\w+)(?:=~|!~|!=|=)\"", expression)
    return {name.strip() for names in grouped for name in names.split(",")} | set(
        selected
    )


EXPRESSIONS = [
    *(pytest.param(rule["expr"], id=rule["alert"]) for rule in ALERTS),
    *(
        pytest.param(target["expr"], id=f"{panel['title']} {target['refId']}")
        for panel in PANELS
        for target in panel["targets"]
    ),
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_each_metric_and_label_exists(expression: str):
    names = metric_names(expression)
    assert names
    assert names <= set(METRICS)
    known = set().union(*(METRICS[name] for name in names))
    assert labels(expression) <= known | SCRAPED


def test_each_metric_of_ours_is_on_the_dashboard_or_in_an_alert():
    shown = {name for each in EXPRESSIONS for name in metric_names(str(each.values[0]))}
    assert [name for name in METRICS if name not in shown] == []


def test_exactly_the_alerts_are_explained():
    page = (DOCS / "operate" / "monitor.md").read_text()
    explained = re.findall(r"^\| `(Backswing\w+)` \|", page, re.MULTILINE)
    assert explained == [rule["alert"] for rule in ALERTS]


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_each_alert_says_what_happened_and_what_to_do(rule: dict[str, Any]):
    assert set(rule["annotations"]) == {"summary", "description"}
    assert rule["labels"]["severity"] in {"critical", "warning"}
    for text in rule["annotations"].values():
        assert text.endswith(".")
    # A text can use only the labels that the expression leaves.
    used = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
    known = set().union(*(METRICS[name] for name in metric_names(rule["expr"])))
    assert used <= known | SCRAPED


def test_the_dashboard_takes_any_source_of_data():
    [variable] = DASHBOARD["templating"]["list"]
    assert (variable["type"], variable["query"]) == ("datasource", "prometheus")
    uid = f"${{{variable['name']}}}"
    for panel in PANELS:
        for part in (panel, *panel["targets"]):
            assert part["datasource"] == {"type": "prometheus", "uid": uid}
    assert "id" not in DASHBOARD, "Grafana gives it one when it loads the file"


def test_the_panels_have_ids_of_their_own_and_do_not_overlap():
    ids = [panel["id"] for panel in PANELS]
    assert len(ids) == len(set(ids))
    places = []
    for panel in PANELS:
        assert {"title", "description", "type"} <= set(panel)
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        places.append(
            {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
        )
        letters = [target["refId"] for target in panel["targets"]]
        assert len(letters) == len(set(letters))
    assert not any(first & second for first, second in combinations(places, 2))


def promtool(*arguments: str) -> str:
    ran = subprocess.run(
        [PROMTOOL, *arguments], check=False, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@needs_promtool
def test_prometheus_accepts_the_alerts_and_the_queries(tmp_path: Path):
    assert f"{len(ALERTS)} rules found" in promtool("check", "rules", str(RULES))
    queries = [
        {
            "record": f"panel:{panel['id']}:{target['refId']}",
            # Grafana fills in its own interval.
            "expr": target["expr"].replace("$__rate_interval", "5m"),
        }
        for panel in PANELS
        for target in panel["targets"]
    ]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": queries}]}))
    assert f"{len(queries)} rules found" in promtool("check", "rules", str(file))


@needs_promtool
def test_the_alerts_fire_when_they_must_and_only_then(tmp_path: Path):
    file = tmp_path / "stories.yaml"
    file.write_text(STORIES.read_text().replace("RULES", str(RULES)))
    promtool("test", "rules", str(file))
