from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli.development_pki import DevelopmentPki, make_development_pki
from gateway.cli.sign import sign
from tests.cli.headers import CALL
from tests.generation.conftest import COMMITTED


@pytest.fixture(scope="session")
def development(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory as after a first start: configuration, development certificates, their root trusted."""
    directory = tmp_path_factory.mktemp("development")
    shutil.copytree(COMMITTED, directory / "config")
    paths = make_development_pki(directory / "certs" / "dev", now=int(time.time()))
    trust = directory / "certs" / "trust"
    trust.mkdir()
    shutil.copy(paths.root, trust / "development-root.pem")
    return directory


@pytest.fixture
def pki_files(development: Path) -> DevelopmentPki:
    return DevelopmentPki.within(development / "certs" / "dev")


@pytest.fixture
def run(development: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a command in that directory."""
    monkeypatch.chdir(development)

    def invoke(command, *arguments: str, **how) -> Result:
        result = CliRunner().invoke(command, arguments, **how)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return invoke


@pytest.fixture
def identity(run: Callable[..., Result]) -> str:
    """A header signed a moment ago under the development certificate."""
    return run(sign, *CALL).stdout.strip()
