"""The trust kit with the tools of others: openssl, keytool, a Java client, Go, Debian's update-ca-certificates.

Not here: PowerShell, Red Hat's update-ca-trust and Java 8 (see docs/trust.md).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulators.assembly.settings import Settings
from simulators.assembly.trust_kit.kit import kit
from simulators.core.pki import KeyPool, Pki
from simulators.core.pki.issued import pem_of
from simulators.sandbox import Sandbox

pytestmark = pytest.mark.interop

_SOURCES = Path(__file__).resolve().parent / "trust"
PASSWORD = "segur-sandbox"
HOLDER = "10B0999009"


def tool(name: str) -> str:
    """The path of a program; without it the test is skipped, or fails where everything is required."""
    found = shutil.which(name)
    if found is None:
        if os.environ.get("SEGUR_REQUIRE") == "1":
            pytest.fail(f"no {name} on this machine (SEGUR_REQUIRE=1)")
        pytest.skip(f"no {name} on this machine")
    return found


def run(*command: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LC_ALL": "C", **more}
    text = [str(part) for part in command]
    return subprocess.run(
        text, env=environment, capture_output=True, encoding="utf-8", errors="replace", timeout=120, check=False
    )


def passed(*command: str | Path, **more: str) -> str:
    done = run(*command, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Started a second time on the same PKI folder, at other ports."""
    cache = str(tmp_path_factory.mktemp("cache"))
    settings = Settings(random_ports=True, publish=False, environment={**os.environ, "XDG_CACHE_HOME": cache})
    with Sandbox(settings, ()):
        pass
    with Sandbox(settings) as running:
        yield running


@pytest.fixture(scope="module")
def files(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The kit and the certificates of a structure, as files."""
    folder = tmp_path_factory.mktemp("kit")
    for name, data in kit(sandbox.pki.roots, sandbox.pki.url_base, sandbox.pki.authorities).items():
        (folder / name).write_bytes(data)
    pair = sandbox.holders.pair("main", HOLDER)
    pair.auth_cli.write(folder, "auth_cli", PASSWORD)
    pair.sign.write(folder, "sign", PASSWORD)
    return folder


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("classes")
    passed(tool("javac"), "--release", "17", "-encoding", "UTF-8", "-d", folder, _SOURCES / "Trust.java")
    return folder


@pytest.mark.parametrize("use", ["auth_cli", "sign"])
def test_openssl_verifies_a_chain_with_the_kit(files: Path, use: str) -> None:
    certificate, chain = files / f"{use}.crt.pem", files / f"{use}.chain.pem"
    assert "OK" in passed(tool("openssl"), "verify", "-CAfile", files / "roots.pem", "-untrusted", chain, certificate)
    alone = run(tool("openssl"), "verify", "-no-CAfile", "-no-CApath", "-untrusted", chain, certificate)
    assert alone.returncode != 0


@pytest.mark.parametrize("use", ["auth_cli", "sign"])
def test_openssl_opens_both_pkcs12_and_says_how_they_are_sealed(files: Path, use: str) -> None:
    for name, sealed, mac in (
        (f"{use}.p12", "AES-256-CBC", "MAC: sha256"),
        (f"{use}.legacy.p12", "pbeWithSHA1And3-KeyTripleDES-CBC", "MAC: sha1"),
    ):
        told = passed(tool("openssl"), "pkcs12", "-in", files / name, "-passin", f"pass:{PASSWORD}", "-info", "-nodes")
        assert sealed in told and mac in told and "PRIVATE KEY" in told
        assert told.count("BEGIN CERTIFICATE") == 3
    wrong = run(tool("openssl"), "pkcs12", "-in", files / f"{use}.p12", "-passin", "pass:wrong", "-noout")
    assert wrong.returncode != 0


def test_openssl_s_client_trusts_the_server_by_the_kit(sandbox: Sandbox, files: Path) -> None:
    address = sandbox.local_url("dmp").removeprefix("https://")
    call = (tool("openssl"), "s_client", "-connect", address, "-servername", "localhost", "-verify_return_error")
    mine = ("-cert", files / "auth_cli.crt.pem", "-key", files / "auth_cli.key.pem")
    name = ("-verify_hostname", "localhost")
    done = subprocess.run(
        [str(part) for part in (*call, *name, *mine, "-CAfile", files / "roots.pem")],
        input="Q\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Verify return code: 0 (ok)" in done.stdout, done.stdout + done.stderr
    without = run(*call, "-no-CAfile", "-no-CApath")
    assert without.returncode != 0


def test_openssl_reads_the_lists_and_asks_ocsp(sandbox: Sandbox, files: Path, tmp_path: Path) -> None:
    base, issuing = sandbox.local_url("trust"), sandbox.pki.authorities["organisations-1"].certificate
    crl, issuer = tmp_path / "organisations-1.crl", tmp_path / "issuer.pem"
    crl.write_bytes(sandbox.pki.crl("organisations-1", sandbox.now()))
    issuer.write_bytes(pem_of(issuing))
    both = tmp_path / "trusted.pem"
    both.write_bytes(issuer.read_bytes() + (files / "roots.pem").read_bytes())
    assert "verify OK" in passed(tool("openssl"), "crl", "-inform", "DER", "-in", crl, "-CAfile", both, "-noout")
    ask = (tool("openssl"), "ocsp", "-issuer", issuer, "-cert", files / "auth_cli.crt.pem", "-CAfile", both)
    good = passed(*ask, "-url", f"{base}/ocsp")
    assert "Response verify OK" in good and "auth_cli.crt.pem: good" in good
    revoked = sandbox.pki.issue_auth_cli(HOLDER, "REVOQUE", now=sandbox.now())
    sandbox.revoke(revoked.serial)
    paths = revoked.write(tmp_path, "revoked")
    ask = (tool("openssl"), "ocsp", "-issuer", issuer, "-cert", paths["certificate"], "-CAfile", both)
    assert "revoked.crt.pem: revoked" in passed(*ask, "-url", f"{base}/ocsp")


@pytest.mark.parametrize("name", ["truststore.p12", "truststore-legacy.p12"])
def test_keytool_lists_trusted_entries(sandbox: Sandbox, files: Path, name: str) -> None:
    told = passed(tool("keytool"), "-list", "-v", "-keystore", files / name, "-storepass", PASSWORD)
    assert told.count("Entry type: trustedCertEntry") == len(sandbox.pki.roots)
    assert "SIMULATION AC RACINE" in told


@pytest.mark.parametrize("store", ["truststore.p12", "truststore-legacy.p12"])
@pytest.mark.parametrize("identity", ["auth_cli.p12", "auth_cli.legacy.p12"])
def test_a_java_client_speaks_mutual_tls_with_the_files(
    sandbox: Sandbox, files: Path, classes: Path, store: str, identity: str
) -> None:
    url = sandbox.local_url("dmp") + "/si-dmp-server/v2/services/patients"
    told = passed(
        tool("java"), "-cp", classes, "Trust", "get", url, files / store, PASSWORD, files / identity, PASSWORD
    )
    assert told.startswith("500") and "Envelope" in told and "DMPInvalidCertificate" not in told


@pytest.mark.parametrize("how", ["ocsp", "crl"])
def test_a_java_client_that_checks_revocation_finds_the_lists_of_this_start(
    sandbox: Sandbox, files: Path, classes: Path, how: str
) -> None:
    url = sandbox.local_url("dmp") + "/si-dmp-server/v2/services/patients"
    mine = (files / "truststore.p12", PASSWORD, files / "auth_cli.p12", PASSWORD, how)
    crl = ("-Dcom.sun.security.enableCRLDP=true",)
    assert passed(tool("java"), *crl, "-cp", classes, "Trust", "get", url, *mine).startswith("500")


def test_a_java_client_without_the_kit_refuses_us(sandbox: Sandbox, files: Path, classes: Path, tmp_path: Path) -> None:
    other = Pki.open(tmp_path / "pki", sandbox.pool, datetime.now(UTC))
    store = tmp_path / "other.p12"
    store.write_bytes(kit(other.roots, "", ())["truststore.p12"])
    url = sandbox.local_url("dmp") + "/"
    done = run(tool("java"), "-cp", classes, "Trust", "get", url, store, PASSWORD, files / "auth_cli.p12", PASSWORD)
    assert done.returncode != 0 and "PKIX path" in done.stderr


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file and link below a folder, with what it holds or points to."""
    return {
        str(path.relative_to(folder)): os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def scratch(tmp_path: Path, others: Sequence[bytes]) -> Path:
    """Another root folder than /, as ca-certificates leaves it, with other authorities or none."""
    root = tmp_path / "root"
    for folder in ("etc/ssl/certs", "usr/share/ca-certificates", "usr/local/share/ca-certificates"):
        (root / folder).mkdir(parents=True)
    names = [f"other-{number}.crt" for number, _ in enumerate(others)]
    (root / "etc/ca-certificates.conf").write_text("".join(f"{name}\n" for name in names))
    for name, pem in zip(names, others, strict=True):
        (root / "usr/share/ca-certificates" / name).write_bytes(pem)
    if others:
        places = ("--certsconf", root / "etc/ca-certificates.conf", "--certsdir", root / "usr/share/ca-certificates")
        mine = ("--localcertsdir", root / "usr/local/share/ca-certificates", "--etccertsdir", root / "etc/ssl/certs")
        passed(tool("update-ca-certificates"), *places, *mine, "--hooksdir", root / "none")
    return root


@pytest.mark.parametrize("alone", [False, True])
def test_the_linux_scripts_install_twice_and_leave_nothing(
    sandbox: Sandbox, files: Path, tmp_path: Path, alone: bool
) -> None:
    tool("update-ca-certificates")
    # Two, because openssl rehash links a bundle of one certificate as if it were that certificate.
    foreign = Pki.open(tmp_path / "pki", sandbox.pool, datetime.now(UTC), ["a.example"])
    foreign.issue_server(["b.example"], now=datetime.now(UTC))
    root = scratch(tmp_path, [] if alone else [pem_of(one) for one in foreign.roots])
    before = snapshot(root)
    bundle = root / "etc/ssl/certs/ca-certificates.crt"
    assert "Added" in passed("sh", files / "install-linux.sh", "--destdir", root)
    assert pem_of(sandbox.pki.roots[0]) in bundle.read_bytes()
    chain = ("-untrusted", files / "auth_cli.chain.pem", files / "auth_cli.crt.pem")
    by_file = (tool("openssl"), "verify", "-no-CApath", "-CAfile", bundle, *chain)
    by_folder = (tool("openssl"), "verify", "-no-CAfile", "-CApath", bundle.parent, *chain)
    passed(*by_file)
    passed(*by_folder)
    once = snapshot(root)
    assert "Already there" in passed("sh", files / "install-linux.sh", DESTDIR=str(root))
    assert snapshot(root) == once
    assert "Retiré" in passed("sh", files / "uninstall-linux.sh", "--destdir", root, LC_ALL="fr_FR.UTF-8")
    assert snapshot(root) == before
    assert run(*by_folder).returncode != 0
    assert "Not there" in passed("sh", files / "uninstall-linux.sh", "--destdir", root)
    assert snapshot(root) == before


def test_the_linux_scripts_place_the_file_where_red_hat_wants_it(files: Path, tmp_path: Path) -> None:
    """The tool itself is not on this machine: with another root folder it is never called, only looked for."""
    tools, root = tmp_path / "bin", tmp_path / "root"
    tools.mkdir()
    (tools / "update-ca-trust").write_text("#!/bin/sh\nexit 9\n")
    (tools / "update-ca-trust").chmod(0o755)
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    told = passed("sh", files / "install-linux.sh", "--destdir", root, PATH=path)
    assert "update-ca-trust extract" in told
    (placed,) = (root / "etc/pki/ca-trust/source/anchors").iterdir()
    assert placed.read_bytes() == (files / "root-1.pem").read_bytes()
    passed("sh", files / "uninstall-linux.sh", "--destdir", root, PATH=path)
    assert not snapshot(root)
    assert run("sh", files / "install-linux.sh", PATH=path).returncode != 0 or os.geteuid() != 0


@pytest.mark.parametrize("arguments", [("--nothing",), ("--destdir",)])
@pytest.mark.parametrize("name", ["install-linux.sh", "uninstall-linux.sh", "install-java.sh", "uninstall-java.sh"])
def test_a_script_refuses_what_it_does_not_know(files: Path, name: str, arguments: tuple[str, ...]) -> None:
    done = run("sh", files / name, *arguments)
    assert done.returncode == 1 and done.stderr.startswith("FAILED: ")


def test_the_linux_scripts_say_what_they_miss(files: Path, tmp_path: Path) -> None:
    for name in ("sh", "sed", "cat"):
        (tmp_path / name).symlink_to(tool(name))
    done = run("sh", files / "install-linux.sh", PATH=str(tmp_path))
    assert done.returncode == 1 and "neither update-ca-certificates nor update-ca-trust" in done.stderr


def test_the_java_scripts_install_twice_and_remove(sandbox: Sandbox, files: Path, tmp_path: Path) -> None:
    store, mine = tmp_path / "store", ("--keystore", tmp_path / "store", "--storepass", "changeit")

    def listed() -> str:
        return passed(tool("keytool"), "-list", "-keystore", store, "-storepass", "changeit")

    assert "Nothing to remove" in passed("sh", files / "uninstall-java.sh", *mine)
    assert "Added" in passed("sh", files / "install-java.sh", *mine)
    assert listed().count("trustedCertEntry") == len(sandbox.pki.roots)
    assert "Already in" in passed("sh", files / "install-java.sh", *mine)
    for name in ("install-java.sh", "uninstall-java.sh"):
        wrong = run("sh", files / name, "--keystore", store, "--storepass", "mistaken")
        assert wrong.returncode == 1 and "does not open" in wrong.stderr
    assert "Removed" in passed("sh", files / "uninstall-java.sh", *mine)
    assert "contains 0 entries" in listed()
    assert "Not in" in passed("sh", files / "uninstall-java.sh", *mine)


def test_the_java_scripts_find_the_store_of_a_jdk(files: Path, tmp_path: Path) -> None:
    """A JDK whose store is ours to change: java and keytool are the machine's, told another home."""
    home = tmp_path / "jdk"
    (home / "bin").mkdir(parents=True)
    (home / "lib/security").mkdir(parents=True)
    for name in ("java", "keytool"):
        script = f'#!/bin/sh\n[ "$1" = -XshowSettings:properties ] && echo "    java.home = {home}" && exit 0\n'
        (home / "bin" / name).write_text(f'{script}exec {tool(name)} "$@"\n')
        (home / "bin" / name).chmod(0o755)
    cacerts = home / "lib/security/cacerts"
    missing = run("sh", files / "install-java.sh", JAVA_HOME=str(home))
    assert missing.returncode == 1 and str(cacerts) in missing.stderr
    shutil.copy(files / "truststore-legacy.p12", cacerts)
    told = passed("sh", files / "install-java.sh", "--storepass", PASSWORD, JAVA_HOME=str(home))
    assert f"Already in {cacerts}" in told
    assert "Removed" in passed("sh", files / "uninstall-java.sh", "--storepass", PASSWORD, JAVA_HOME=str(home))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Path]]:
    """A PKI for the single label ``sandbox``: its kit, and a server chain for each name."""
    folder, now = tmp_path_factory.mktemp("bare"), datetime.now(UTC)
    pki = Pki.open(folder / "pki", KeyPool(folder / "cache"), now, ["sandbox"])
    for name, data in kit(pki.roots, "", ()).items():
        (folder / name).write_bytes(data)
    chains: dict[str, Path] = {}
    for name in ("sandbox", "dmp.localhost", "a.sandbox", "a.b.sandbox", "*.sandbox", "xsandbox", "sandbox.fr"):
        issued = pki.issue_server([name], now=now, hierarchy=pki.hierarchies[0])
        chains[name] = folder / f"{len(chains)}.pem"
        chains[name].write_bytes(issued.presented_pem())
    return folder, chains


ALLOWED = {"sandbox", "dmp.localhost"}


def test_openssl_keeps_a_single_label_to_itself(bare: tuple[Path, dict[str, Path]]) -> None:
    folder, chains = bare
    roots = folder / "roots.pem"
    accepted = {
        name
        for name, path in chains.items()
        if run(tool("openssl"), "verify", "-x509_strict", "-CAfile", roots, "-untrusted", path, path).returncode == 0
    }
    assert accepted == ALLOWED


def test_java_keeps_a_single_label_to_itself(bare: tuple[Path, dict[str, Path]], classes: Path) -> None:
    folder, chains = bare
    store = (folder / "truststore.p12", PASSWORD)
    told = passed(tool("java"), "-cp", classes, "Trust", "judge", *store, *chains.values()).splitlines()
    assert {name for name, line in zip(chains, told, strict=True) if line == "ok"} == ALLOWED
    assert all("constraints" in line for line in told if line != "ok")


def test_go_keeps_a_single_label_to_itself(bare: tuple[Path, dict[str, Path]], tmp_path: Path) -> None:
    folder, chains = bare
    go = tool("go")
    cache = {"GOCACHE": str(tmp_path / "cache"), "GOFLAGS": "-mod=mod", "GO111MODULE": "off", "HOME": str(tmp_path)}
    program = tmp_path / "chains"
    passed(go, "build", "-o", program, _SOURCES / "chains.go", **cache)
    told = passed(program, folder / "roots.pem", *chains.values()).splitlines()
    assert {name for name, line in zip(chains, told, strict=True) if line == "ok"} == ALLOWED
