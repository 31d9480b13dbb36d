"""Where a graph runs: what is named must start, and what is measured on must be known."""

from __future__ import annotations

import json
from pathlib import Path

import onnxruntime
import pytest
from click.testing import CliRunner

import asr
from asr import machine, runtime
from asr.cli import main
from asr.errors import ConfigError

CPU = "CPUExecutionProvider"


@pytest.fixture
def claims_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """An onnxruntime that says it has CUDA where that does not start, as onnxruntime-gpu without a GPU."""
    monkeypatch.setattr(runtime.onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", CPU])


def test_every_onnxruntime_has_the_cpu() -> None:
    assert runtime.present()[-1] == "cpu"
    names = [provider.name for provider in runtime.PROVIDERS.values()]
    assert set(names) <= set(onnxruntime.get_all_providers()), "a name that onnxruntime does not know"
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("provider", ["cpu", "auto"])
def test_what_starts_is_said(sample: Path, provider: str) -> None:
    model = asr.load(provider=provider, threads=1)
    assert model.provider in ("cpu", "cuda", "directml")
    assert provider == "auto" or model.provider == provider
    assert model.transcribe(sample).text == "enter four five seven one"


def test_an_unknown_provider() -> None:
    with pytest.raises(ConfigError, match=r"provider: 'cuba' is not known; did you mean 'cuda'\?"):
        asr.load(provider="cuba")


@pytest.mark.parametrize("provider", sorted(runtime.PROVIDERS))
def test_a_provider_that_is_not_installed(provider: str) -> None:
    if provider in runtime.present():
        assert asr.load(provider=provider, threads=1).provider == provider
        return
    with pytest.raises(ConfigError, match=f"provider: {provider} is not in the installed onnxruntime .*; install "):
        asr.load(provider=provider)


@pytest.mark.filterwarnings("ignore:Specified provider")
@pytest.mark.usefixtures("claims_cuda")
def test_a_provider_that_does_not_start_is_no_cpu_in_silence() -> None:
    with pytest.raises(ConfigError, match=r"provider: cuda does not start on this machine .*; choose 'cpu', or 'auto'"):
        asr.load(provider="cuda", threads=1)


@pytest.mark.filterwarnings("ignore:Specified provider")
@pytest.mark.usefixtures("claims_cuda")
def test_auto_goes_on_with_the_next() -> None:
    assert asr.load(provider="auto", threads=1).provider == "cpu"


def test_the_commands_take_a_provider(sample: Path) -> None:
    result = CliRunner().invoke(main, ["transcribe", str(sample), "--provider", "cpu"])
    assert (result.exit_code, result.stdout) == (0, "enter four five seven one\n")
    result = CliRunner().invoke(main, ["transcribe", str(sample), "--provider", "gpu"])
    assert result.exit_code == 1
    assert result.stderr.startswith("asr: error: provider: 'gpu' is not known")


def test_info_lists_the_devices() -> None:
    shown = CliRunner().invoke(main, ["info", "--devices"]).stdout
    assert f"onnxruntime: {onnxruntime.__version__}\n" in shown
    assert "\n  cpu: installed\n" in shown
    values = json.loads(CliRunner().invoke(main, ["info", "--devices", "--json"]).stdout)
    assert list(values["providers"]) == list(runtime.PROVIDERS)
    assert 1 <= values["usable_cores"] <= values["cores"]


def test_info_of_devices_and_of_a_model_are_two() -> None:
    result = CliRunner().invoke(main, ["info", "model.onnx", "--devices"])
    assert result.exit_code == 2
    assert "name no MODEL beside it" in result.stderr


def test_the_processor_is_named_where_linux_names_it(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text(
        "processor\t: 0\nmodel\t\t: 17\nmodel name\t: Some CPU @ 2 GHz\nprocessor\t: 1\n"
    )
    assert machine.processor(tmp_path) == "Some CPU @ 2 GHz"


def test_the_processor_has_a_name_elsewhere(tmp_path: Path) -> None:
    assert machine.processor(tmp_path)
    assert machine.described()["processor"]
