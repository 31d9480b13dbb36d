"""`asr listen`."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from asr.cli import options
from asr.cli.line import Line
from asr.cli.options import PATH, given
from asr.errors import AudioError, require


@click.command("listen")
@click.option("--device", metavar="NAME", help="A microphone, by its number or part of its name; see --devices.")
@click.option("--devices", is_flag=True, help="List the microphones and end.")
@click.option(
    "--model", type=PATH, metavar="FILE", help="A .onnx file of 'asr export'; the one that ships, unless given."
)
@options.decoding
@options.threads
def command(device: str | None, devices: bool, model: Path | None, **settings: Any) -> None:
    """Print what is said into the microphone, phrase by phrase.

    A phrase is a line of standard output when a pause has ended it; on a terminal, it is shown while it is said.
    Ctrl-C ends, and what was being said is printed. Needs: pip install 'bilstm-asr[microphone]'

    \b
    Example:
      asr listen
      asr listen --device USB
    """
    import asr
    from asr.listening import listen

    try:
        sound = require("sounddevice", extra="microphone", purpose="listening")
    except OSError as error:  # sounddevice finds no PortAudio as it is imported
        raise AudioError(f"listening: {error}; install PortAudio, such as with: apt install libportaudio2") from error
    if devices:
        click.echo(sound.query_devices())
        return
    recognizer = asr.load(**given(path=model, **settings))
    rate_hz = recognizer.info.rate_hz
    blocks: queue.Queue[Any] = queue.Queue()
    line = Line()
    try:
        with opened(sound, device, rate_hz, blocks):
            click.echo("listening; Ctrl-C ends", err=True)
            for said in listen(arriving(blocks), recognizer, rate_hz, behind=lambda: not blocks.empty()):
                tell(said.hypothesis.text, line, is_final=said.is_final)
    except KeyboardInterrupt:
        line.clear()


def opened(sound: Any, device: str | None, rate_hz: int, blocks: queue.Queue[Any]) -> Any:
    """Return the stream of a microphone, which puts what it hears into the queue; raises AudioError."""
    from asr.listening import BLOCK_S

    def take(data: Any, frames: int, time: Any, status: Any) -> None:
        blocks.put(data[:, 0].copy())

    number = int(device) if device and device.isdecimal() else device
    try:
        return sound.InputStream(
            samplerate=rate_hz, device=number, channels=1, dtype="float32",
            blocksize=round(BLOCK_S * rate_hz), callback=take, finished_callback=lambda: blocks.put(None),
        )  # fmt: skip
    except (sound.PortAudioError, ValueError) as error:
        raise AudioError(f"microphone: cannot be opened ({error}); see 'asr listen --devices'") from error


def arriving(blocks: queue.Queue[Any]) -> Iterator[Any]:
    """Yield blocks as they come, until the microphone is gone, or Ctrl-C: what came before it is heard."""
    try:
        while (block := blocks.get()) is not None:
            yield block
    except KeyboardInterrupt:
        return


def tell(text: str, line: Line, *, is_final: bool) -> None:
    """Show what is said while it is said, and print it when it has been."""
    if not is_final:
        line.show(text)
        return
    line.clear()
    if text:
        click.echo(text)
