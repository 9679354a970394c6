"""The compose file starts what the supervisor starts, with the variables that the code reads."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from baoxue import migrate, sample, up
from baoxue.engines import kafka, postgres
from shared.contracts.topics import SERVICES
from shared.settings import PORT_OFFSETS, Settings
from tests.deploy.compose import (
    COMPOSE,
    OWN,
    PARTS,
    ROOT,
    compose,
    given_names,
    mounts,
    named_volumes,
    services,
)

PORT = 8700
READ = re.compile(r"""environ(?:\.get\(|\[)["'](BAOXUE_\w+)["']""")
PLACED = {f"BAOXUE_{name.upper()}_DATABASE_URL" for name in (*SERVICES, "keyring")}
SETTINGS = {f"BAOXUE_{name.upper()}" for name in Settings.model_fields}


def variables_read() -> set[str]:
    """Every `BAOXUE_…` variable that a process of ours looks at."""
    found = {
        name
        for module in (up, migrate)
        for name in READ.findall(Path(module.__file__).read_text(encoding="utf-8"))
    }
    return SETTINGS | PLACED | {sample.SIZE} | found


def own_variables(name: str) -> dict[str, str]:
    environment = services()[name].get("environment", {})
    return {k: v for k, v in environment.items() if k.startswith("BAOXUE_")}


def test_the_image_is_built_from_the_build_file_that_is_here() -> None:
    for name in (*OWN, "migrate", "hand-out"):
        build = services()[name]["build"]
        assert (ROOT / build["context"] / build["dockerfile"]).is_file()
    assert len({services()[name]["image"] for name in (*OWN, "migrate", "hand-out")}) == 1


def test_each_service_runs_the_module_that_the_supervisor_starts() -> None:
    assert {one.name for one in up.SERVICES} == set(OWN) == set(PORT_OFFSETS)
    for service in up.SERVICES:
        assert services()[service.name]["command"] == ["python", "-m", service.module]
    [step] = up.BEFORE
    assert services()["migrate"]["command"] == ["python", "-m", step.module]


@pytest.mark.parametrize("name", OWN)
def test_addresses_and_health_checks_use_the_ports_of_the_code(name: str) -> None:
    port = PORT + PORT_OFFSETS[name]
    own = own_variables(name)
    assert own["BAOXUE_PORT"] == str(PORT)
    for service in (*SERVICES, "sealer"):
        expected = f"http://{service}:{PORT + PORT_OFFSETS[service]}"
        assert own[f"BAOXUE_{service.upper()}_URL"] == expected
    test = services()[name]["healthcheck"]["test"]
    assert f"http://127.0.0.1:{port}/health/ready" in test[-1]
    compile(test[-1], name, "exec")


def test_only_the_gateway_and_the_boards_are_published_and_on_loopback_alone() -> None:
    published = {name: one["ports"] for name, one in services().items() if "ports" in one}
    assert set(published) == {"gateway", "prometheus", "grafana"}
    assert published["gateway"] == [f"127.0.0.1:{PORT}:{PORT}"]
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


@pytest.mark.parametrize("name", [*OWN, "migrate"])
def test_every_variable_given_is_read(name: str) -> None:
    assert set(own_variables(name)) <= variables_read()


def test_every_variable_needed_is_given() -> None:
    needed = {"BAOXUE_HOME", "BAOXUE_HOST", "BAOXUE_PORT", "BAOXUE_NAME", "BAOXUE_KAFKA"}
    for name in (*OWN, "migrate"):
        assert needed | {"BAOXUE_DOMAIN"} <= set(own_variables(name)), name
    assert "BAOXUE_DATABASE_URL" in own_variables("migrate")


@pytest.mark.parametrize("name", OWN)
def test_no_service_is_given_anybodys_database(name: str) -> None:
    assert not [variable for variable in own_variables(name) if up.is_database(variable)]
    assert "secrets" not in services()[name]


def test_what_the_file_takes_from_outside_is_named_in_the_example() -> None:
    lines = (PARTS / "environment.example").read_text(encoding="utf-8").splitlines()
    named = {line.split("=")[0] for line in lines if line and not line.startswith("#")}
    assert named == given_names()


def test_every_volume_is_used_and_every_mounted_one_is_declared() -> None:
    used = set().union(*(named_volumes(one) for one in services().values()))
    assert used == set(compose()["volumes"])


def test_each_process_mounts_its_own_home_and_no_other() -> None:
    home = services()["gateway"]["environment"]["BAOXUE_HOME"]
    for name in OWN:
        assert mounts(services()[name]) == {home: name}
    assert mounts(services()["migrate"]) == {home: "system"}
    handed = mounts(services()["hand-out"])
    assert handed == {home: "system", **{f"/homes/{name}": name for name in OWN}}


def test_mounted_files_exist() -> None:
    sources = [s for one in services().values() for s in mounts(one).values() if s[0] == "."]
    assert sources
    assert all((ROOT / source).exists() for source in sources)


def test_nothing_starts_before_what_it_needs() -> None:
    for name in OWN:
        condition = services()[name]["depends_on"]["hand-out"]["condition"]
        assert condition == "service_completed_successfully"
    assert services()["migrate"]["depends_on"] == {
        "postgres": {"condition": "service_healthy"},
        "kafka": {"condition": "service_healthy"},
    }


def test_the_servers_are_those_of_the_embedded_start() -> None:
    assert services()["postgres"]["image"] == f"postgres:{postgres.MAJOR}"
    assert services()["kafka"]["image"] == f"apache/kafka:{kafka.VERSION}"


def test_the_broker_has_the_settings_of_the_embedded_one() -> None:
    given = services()["kafka"]["environment"]
    # Sizes of a small machine that a server does not need.
    small = {"log.cleaner.dedupe.buffer.size", "log.segment.bytes"}
    small |= {name for name in kafka.SETTINGS if name.endswith("num.partitions")}
    for name, value in kafka.SETTINGS.items():
        if name not in small:
            assert given["KAFKA_" + name.upper().replace(".", "_")] == value, name


def test_the_admin_role_is_that_of_the_embedded_start(tmp_path: Path) -> None:
    script = (PARTS / "postgres" / "roles.sh").read_text(encoding="utf-8")
    said = re.sub(r"PASSWORD '[^']*'", "PASSWORD :'password'", postgres.roles(tmp_path))
    for line in said.splitlines()[1:]:
        assert line in script


def test_the_scrape_asks_every_service_where_it_answers() -> None:
    text = (PARTS / "prometheus.yml").read_text(encoding="utf-8")
    for name in (*SERVICES, "sealer"):
        assert f"- {name}:{PORT + PORT_OFFSETS[name]}\n" in text


def run_script(name: str, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(PARTS / name), *words],
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def migrated_home(home: Path) -> None:
    """A home as the migration leaves it, with a value in each file that tells whose it is."""
    for folder in ("keys", "secrets"):
        (home / folder).mkdir(parents=True)
    (home / "secrets" / "jwks.json").write_text("public")
    (home / "secrets" / "enrollment_app").write_text("a password")
    for name in OWN:
        (home / "secrets" / f"{name}.signing.json").write_text(f"signs for {name}")
    for name in (*SERVICES, "sealer"):
        (home / "keys" / f"{name}.json").write_text(f"opens for {name}")
        lines = f"BAOXUE_DATABASE_URL=postgresql://{name}:a$b&c@db/x?y=1\nBAOXUE_KEYS=k\n"
        (home / "secrets" / f"{name}.env").write_text(lines)


def test_each_process_is_handed_its_own_files_and_nobody_elses(tmp_path: Path) -> None:
    migrated_home(tmp_path / "home")
    for _ in range(2):
        done = run_script("hand_out.sh", str(tmp_path / "home"), str(tmp_path / "homes"))
        assert done.returncode == 0, done.stderr
    for name in OWN:
        got = {
            str(path.relative_to(tmp_path / "homes" / name))
            for path in (tmp_path / "homes" / name).rglob("*.*")
        }
        own = {f"keys/{name}.json", f"secrets/{name}.env"} if name != "gateway" else set()
        assert got == own | {"secrets/jwks.json", f"secrets/{name}.signing.json"}


def test_a_sealers_rotated_key_is_not_undone_by_a_hand_out(tmp_path: Path) -> None:
    migrated_home(tmp_path / "home")
    run_script("hand_out.sh", str(tmp_path / "home"), str(tmp_path / "homes"))
    rotated = tmp_path / "homes" / "sealer" / "keys" / "sealer.json"
    rotated.write_text("rotated")
    run_script("hand_out.sh", str(tmp_path / "home"), str(tmp_path / "homes"))
    assert rotated.read_text() == "rotated"


def test_a_migration_that_left_nothing_is_said_and_stops_the_hand_out(tmp_path: Path) -> None:
    done = run_script("hand_out.sh", str(tmp_path / "none"), str(tmp_path / "homes"))
    assert done.returncode == 1
    assert "migrate" in done.stderr


def test_a_service_starts_with_its_own_credentials_word_for_word(tmp_path: Path) -> None:
    migrated_home(tmp_path)
    tell = "import os; print(os.environ['BAOXUE_DATABASE_URL'], os.environ['BAOXUE_KEYS'])"
    (tmp_path / "python").write_text(f'#!/bin/sh\nexec python3 -c "{tell}"\n')
    (tmp_path / "python").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    words = ("python", "-m", "services.casework")
    done = run_script("entrypoint.sh", *words, PATH=path, BAOXUE_HOME=str(tmp_path))
    assert done.stdout == "postgresql://casework:a$b&c@db/x?y=1 k\n", done.stderr
    sealer = ("python", "-m", "services.audit.sealer")
    done = run_script("entrypoint.sh", *sealer, PATH=path, BAOXUE_HOME=str(tmp_path))
    assert done.stdout == "postgresql://sealer:a$b&c@db/x?y=1 k\n", done.stderr


def test_a_service_without_credentials_says_what_to_do(tmp_path: Path) -> None:
    words = ("python", "-m", "services.casework")
    done = run_script("entrypoint.sh", *words, BAOXUE_HOME=str(tmp_path))
    assert done.returncode == 1
    assert "hand-out" in done.stderr


def test_the_compose_file_holds_no_password() -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    assert re.findall(r"://\w+:([^@\n]+)@", text) == ["${DATABASE_ADMIN_PASSWORD:?fill in .env}"]
