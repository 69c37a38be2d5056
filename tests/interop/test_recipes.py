"""The recipes of ``docs/recipes`` as their readers run them: the tools are the real ones, the sandbox is installed.

The CI files are validated by check-jsonschema with the schemas of GitHub and GitLab, then their shell steps are run in
order, in a folder that stands for a vendor's repository, with the sandbox that their own ``pip install`` brought.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from lxml import etree

pytestmark = pytest.mark.interop

_ROOT = Path(__file__).resolve().parents[2]
_RECIPES = _ROOT / "docs" / "recipes"
_PACKAGED = (
    "simulators",
    "scenarios",
    "seed_data",
    "pyproject.toml",
    "setup.py",
    "MANIFEST.in",
    "README.md",
    "LICENSE",
)
_MAKEFILE = """test:
\tcurl -sS --noproxy '*' --cacert $$SEGUR_ROOTS --cert $$SEGUR_AUTH_CLI_CERTIFICATE --key $$SEGUR_AUTH_CLI_KEY \\
\t  -d '<not-soap/>' $$SEGUR_DMP_PATIENTS -o answer.xml
\tgrep -q DMP-SOAP-ENVELOPE answer.xml
"""
_KNOWN = """segur_baseline: 1
findings:
  - rule: DMP-SOAP-ENVELOPE
    reason: the recipe's product has much to learn
    until: 2999-12-31
"""


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        if os.environ.get("SEGUR_REQUIRE") == "1":
            pytest.fail(f"no {name} on this machine (SEGUR_REQUIRE=1)")
        pytest.skip(f"no {name} on this machine")
    return found


def _environment(cache: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEGUR_")}
    return {**kept, "XDG_CACHE_HOME": str(cache), "PYTHONIOENCODING": "utf-8", **more}


def _run(command: list[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=400,
        check=False,
    )


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


# -- a product in another language ------------------------------------------------------------------------------------


def _recipe(name: str, command: list[str], folder: Path, cache: Path, **more: str) -> str:
    """Runs a recipe as the command of ``exec``, on a copy; what it printed."""
    project = folder / name
    shutil.copytree(_RECIPES / name, project)
    wrapped = [sys.executable, "-m", "simulators.cli.main", "exec", "--world", f"recipe-{name}", "--", *command]
    done = _run(wrapped, project, _environment(cache, PYTHONPATH=str(_ROOT), **more))
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_node(tmp_path: Path, cache: Path) -> None:
    told = _recipe("node", [_tool("node"), "--test"], tmp_path, cache)
    assert "# pass 2" in told
    assert "# fail 0" in told


def test_go(tmp_path: Path, cache: Path) -> None:
    told = _recipe("go", [_tool("go"), "test", "-count=1", "-v", "./..."], tmp_path, cache)
    assert told.count("--- PASS") == 2


def test_java(tmp_path: Path, cache: Path) -> None:
    _recipe("java", [_tool("mvn"), "-q", "-B", "test"], tmp_path, cache)
    (report,) = (tmp_path / "java" / "target" / "surefire-reports").glob("TEST-*.xml")
    suite = etree.parse(report).getroot()
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["2", "0", "0", "0"]


def test_dotnet(tmp_path: Path, cache: Path) -> None:
    """Run where the .NET SDK is; elsewhere said, because no Debian package brings it."""
    assert etree.parse(_RECIPES / "dotnet" / "segur.csproj").getroot().get("Sdk") == "Microsoft.NET.Sdk"
    if shutil.which("dotnet") is None:
        warnings.warn("no dotnet on this machine: the .NET recipe was not run", stacklevel=1)
        return
    told = _recipe("dotnet", ["dotnet", "test"], tmp_path, cache, DOTNET_CLI_TELEMETRY_OPTOUT="1")
    assert "Passed!" in told


# -- CI files ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bin_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh Python without the sandbox, and two readers of the files: check-jsonschema and junitparser."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    tools = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "check-jsonschema", "junitparser"]
    subprocess.run(tools, check=True, timeout=400)
    return folder / "bin"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``pip install`` is given: a copy, so that building leaves nothing in the checkout."""
    folder = tmp_path_factory.mktemp("package")
    for name in _PACKAGED:
        source = _ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "_shipped"))
        else:
            shutil.copy(source, folder / name)
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A vendor's repository."""
    (tmp_path / "scenarios").mkdir()
    shutil.copy(_ROOT / "scenarios" / "first-document.yaml", tmp_path / "scenarios")
    (tmp_path / "Makefile").write_text(_MAKEFILE, "utf-8")
    (tmp_path / "segur-baseline.yaml").write_text(_KNOWN, "utf-8")
    pinned = [sys.executable, "-m", "simulators.cli.main", "rules", "--pin"]
    done = subprocess.run(pinned, cwd=_ROOT, capture_output=True, check=True)
    (tmp_path / "rules.lock").write_bytes(done.stdout)
    return tmp_path


def _github(document: Mapping[Any, Any]) -> tuple[dict[str, str], list[list[str]]]:
    (job,) = document["jobs"].values()
    return job["env"], [["bash", "-e", "-c", step["run"]] for step in job["steps"] if "run" in step]


def _gitlab(document: Mapping[Any, Any]) -> tuple[dict[str, str], list[list[str]]]:
    (job,) = document.values()
    lines = [*job["before_script"], *job["script"]]
    return job["variables"], [["bash", "-e", "-o", "pipefail", "-c", line] for line in lines]


_FORMS = {
    "github-actions.yml": (_github, "vendor.github-workflows"),
    "gitlab-ci.yml": (_gitlab, "vendor.gitlab-ci"),
}


@pytest.mark.parametrize("name", list(_FORMS))
def test_a_ci_file_is_valid_and_its_steps_run(
    name: str, repository: Path, cache: Path, bin_folder: Path, package: Path
) -> None:
    _tool("make")
    _tool("curl")
    read, schema = _FORMS[name]
    checker = [str(bin_folder / "check-jsonschema"), "--builtin-schema", schema, str(_RECIPES / name)]
    checked = _run(checker, repository, os.environ)
    assert checked.returncode == 0, checked.stdout
    given, steps = read(yaml.safe_load((_RECIPES / name).read_text("utf-8")))
    assert given == {"SEGUR_SANDBOX": "segur-sandbox"}
    here = {
        "SEGUR_SANDBOX": str(package),
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        "PIP_CONSTRAINT": str(_ROOT / "constraints.txt"),
    }
    environment = _environment(cache, **here)
    for step in steps:
        done = _run(step, repository, environment)
        assert done.returncode == 0, f"{step[-1]}\n{done.stdout}"
    assert _read_back(bin_folder, repository / "reports" / "scenarios.xml") == "12 0 0 1"  # nothing known was met
    assert _read_back(bin_folder, repository / "reports" / "findings.xml") == "1 0 0 0"
    (repository / "segur-baseline.yaml").write_text("segur_baseline: 1\nfindings: []\n", "utf-8")
    done = _run(steps[-1], repository, environment)
    assert done.returncode == 1, done.stdout
    assert "1 new" in done.stdout
    assert _read_back(bin_folder, repository / "reports" / "findings.xml") == "1 1 0 0"


_READ = """
import sys
from junitparser import Error, Failure, JUnitXml
found = JUnitXml.fromfile(sys.argv[1])
assert all(case.name and case.classname and case.time is not None for suite in found for case in suite)
results = [result for suite in found for case in suite for result in case.result]
assert all(bad.message and bad.type and bad.text for bad in results if isinstance(bad, (Failure, Error)))
print(found.tests, found.failures, found.errors, found.skipped)
"""


def _read_back(bin_folder: Path, report: Path) -> str:
    """Tests, failures, errors and skipped as another reader of JUnit files counts them."""
    done = _run([str(bin_folder / "python"), "-c", _READ, str(report)], report.parent, os.environ)
    assert done.returncode == 0, done.stdout
    return done.stdout.strip()
