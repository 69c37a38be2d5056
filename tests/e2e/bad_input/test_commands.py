"""The exit codes of the commands, and the demonstration twice on one folder: real processes, nothing shared."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from lxml import etree

from simulators.clients.control import Control
from simulators.sandbox import Sandbox
from tests.e2e.bad_input.bench import Bench
from tests.support.ledger_sandbox import SandboxProcess, run_command, start_command

HEAD = """segur_scenario: 1
title: {fr: essai, en: trial}
world: WORLD
actors:
  hospital: {structure: hospital, professional: hospital-specialist}
steps:
"""
GOOD = """  - say: {fr: existe, en: exists}
    as: hospital
    do: dmp.TD0.2
    patient: adult
    expect: {dmp: active}
"""
WRONG = """  - say: {fr: "n'existe pas <&>", en: "exists not <&>"}
    as: hospital
    do: dmp.TD0.2
    patient: adult
    expect: {dmp: none}
"""


@pytest.fixture
def attached(sandbox: Sandbox) -> str:
    """``endpoints.json`` of the running sandbox."""
    return str(sandbox.folder / "endpoints.json")


def scenario(folder: Path, text: str, world: str = "trial") -> str:
    folder.mkdir(exist_ok=True)
    path = folder / "scenario.yaml"
    path.write_text(HEAD.replace("WORLD", world) + text, "utf-8")
    return str(path)


def test_a_broken_scenario_is_2_with_file_and_line(cache: Path, tmp_path: Path) -> None:
    """Every flaw of every file is told; nothing is started."""
    broken = {
        "key": (GOOD.replace("as:", "has:"), 7),
        "value": (GOOD.replace("TD0.2", "TD9"), 9),
        "anchor": ("  - &a {say: x}\n", 7),
    }
    paths = {name: scenario(tmp_path / name, text) for name, (text, _) in broken.items()}
    done = run_command(cache, "run", *paths.values(), str(tmp_path / "nothing.yaml"))
    assert done.returncode == 2, done
    for name, (_, line) in broken.items():
        assert f"{paths[name]}:{line}:" in done.stdout + done.stderr, (done, name)
    assert "nothing.yaml" in done.stdout + done.stderr


def test_a_failed_expectation_is_1_and_junit_says_so(cache: Path, tmp_path: Path, attached: str) -> None:
    report = tmp_path / "deep" / "junit.xml"
    path = scenario(tmp_path, GOOD + WRONG + GOOD)
    done = run_command(cache, "run", "--endpoints", attached, "--junit", str(report), path)
    assert done.returncode == 1, done
    assert "2 passed, 1 failed" in done.stdout
    check_junit(report, path, failed=[1])


def check_junit(report: Path, path: str, failed: list[int]) -> None:
    root = etree.fromstring(report.read_bytes())
    (suite,) = root.findall("testsuite")
    cases = suite.findall("testcase")
    assert (root.tag, suite.get("tests"), suite.get("failures")) == ("testsuites", str(len(cases)), str(len(failed)))
    assert suite.get("skipped") == "0"
    for number, case in enumerate(cases):
        assert float(case.get("time", "")) >= 0
        failure = case.find("failure")
        assert (failure is not None) == (number in failed)
        if failure is not None:
            assert failure.get("message", "").startswith(f"{path}:")
            assert "expected dmp = 'none', found 'active'" in (failure.text or "")


def test_a_passed_scenario_is_0(cache: Path, tmp_path: Path, attached: str) -> None:
    report = tmp_path / "junit.xml"
    path = scenario(tmp_path, GOOD)
    done = run_command(cache, "run", "--endpoints", attached, "--lang", "en", "--junit", str(report), path)
    assert done.returncode == 0, done
    check_junit(report, path, failed=[])


def test_nothing_came_is_4(cache: Path, tmp_path: Path, attached: str) -> None:
    awaited = "  - say: {fr: attendre, en: wait}\n    await: {within: 1, operation: dmp.TD2.1}\n"
    done = run_command(cache, "run", "--endpoints", attached, scenario(tmp_path, awaited, "silent"))
    assert done.returncode == 4, done
    assert "found 'nothing'" in done.stdout


def test_what_the_scenario_itself_sends_is_not_awaited(cache: Path, tmp_path: Path, attached: str) -> None:
    """The exchange of step 1 is ours and would match: nothing came from the product."""
    awaited = "  - say: {fr: attendre, en: wait}\n    await: {within: 1, operation: dmp.TD0.2}\n"
    done = run_command(cache, "run", "--endpoints", attached, scenario(tmp_path, GOOD + awaited, "alone"))
    assert done.returncode == 4, done


def test_something_else_came_is_1(
    cache: Path, tmp_path: Path, attached: str, sandbox: Sandbox, control: Control
) -> None:
    """The near miss is shown: what came, and which condition it missed."""
    awaited = "  - say: {fr: attendre, en: wait}\n    await: {within: 2, operation: dmp.TD2.1}\n"
    path = scenario(tmp_path, GOOD + awaited, "noisy")
    sandbox.create_world("noisy")
    product = Bench(sandbox, control, "noisy")
    with start_command(cache, "run", "--endpoints", attached, path) as run:
        assert run.stdout is not None
        told = first_step(run.stdout)
        product.still_serves()
        told += run.stdout.read()
    assert run.returncode == 1, told
    assert "expected 'dmp.TD2.1', found 'dmp.TD0.2'" in told


def first_step(lines: Iterable[str]) -> str:
    """What is printed up to the line of step 1."""
    told = ""
    for line in lines:
        told += line
        if "TD0.2" in line:
            break
    return told


@pytest.mark.parametrize(
    "arguments",
    [("journal", "tail"), ("cert", "issue", "--structure", "10B0999009", "--out", "nowhere")],
    ids=lambda arguments: arguments[0],
)
def test_no_running_sandbox_is_3(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run_command(tmp_path, *arguments)
    assert done.returncode == 3, done
    assert "no running sandbox" in done.stderr
    assert "Traceback" not in done.stderr


def test_endpoints_of_a_sandbox_that_died_is_3(cache: Path, tmp_path: Path) -> None:
    path = tmp_path / "endpoints.json"
    path.write_text(json.dumps({"control": {"url": "http://127.0.0.1:9/_sandbox", "token": "x"}}))
    done = run_command(cache, "run", "--endpoints", str(path), scenario(tmp_path, GOOD))
    assert done.returncode == 3, done
    assert "does not answer" in done.stderr


def test_the_demonstration_twice_on_one_folder(cache: Path, tmp_path: Path) -> None:
    """World ``demo`` is reset at its start; the six refusals are explained both times."""
    for _ in range(2):
        done = run_command(cache, "demo", "--exit", "--random-ports", "--data", str(tmp_path / "data"))
        assert done.returncode == 0, done
        assert "11 passed, 0 failed" in done.stdout
        assert done.stdout.count("réparer") == 6
        assert "Traceback" not in done.stderr


def test_a_second_process_on_the_same_folder_is_3(cache: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with SandboxProcess(cache, tmp_path / "one.json", "--data", str(data)) as one:
        done = run_command(cache, "up", "--random-ports", "--data", str(data))
        assert done.returncode == 3, done
        assert one.control.call("GET", "/health")["status"] == "ok"
        assert one.stop() == 0
