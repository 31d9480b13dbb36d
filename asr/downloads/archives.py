"""Which archives every corpus is published as: where they are, how large, and their digests.

Digests are the publisher's own where there is a list of them (`md5sum.txt` of OpenSLR 12, 31 and 94, as several
projects quote it). Others were published by those who had loaded the same files: the tables of torchaudio and
TensorFlow Datasets (SHA-256), and for the Mandarin corpora independent copies of the same size, whose MD5 PaddleSpeech
has as well. That of FSDD is made from its git tag, as GitHub makes the archive (`git archive
--prefix=free-spoken-digit-dataset-1.0.10/ v1.0.10 | gzip -cn`); the same command gives for v1.0.9 the digest that
TensorFlow Datasets have. Sizes to the byte are from those tables, from Kaldi's scripts and from the answers of servers.

To add one: a line here, under the name of its preparer in `asr.corpora.CORPORA`, or a sentence in `BY_HAND`; then
`python tools/corpora_page.py`.
"""

from __future__ import annotations

from typing import Any

from asr.downloads.archive import Archive

# The order in which openslr.org itself lists them: its own host, USA, Europe, China.
OPENSLR = (
    "https://www.openslr.org",
    "https://us.openslr.org",
    "https://openslr.trmal.net",
    "https://openslr.magicdatatech.com",
)
LIST = "the publisher's md5sum.txt"
TFDS = "torchaudio, TensorFlow Datasets"
COPIES = "independent copies of the published size"
RAW = 2.0  # unpacked size of an archive of WAV files, which packing hardly shrinks
ALL = ("train", "dev", "test")


def _openslr(number: int, part: str, file: str, size: int, digest: str = "", origin: str = "", **more: Any) -> Archive:
    urls = tuple(f"{host}/resources/{number}/{file}" for host in OPENSLR)
    return Archive(part, file, urls, size, digest, origin, **more)


def _librispeech(
    part: str, size: int, md5: str, *, number: int = 12, exact: bool = True, grows: float = 1.1
) -> Archive:
    kind = part.partition("-")[0]
    splits = (kind,) if kind in ALL else ()
    more = {"exact": exact, "grows": grows, "splits": splits, "default": False}
    return _openslr(number, part, f"{part}.tar.gz", size, f"md5:{md5}", LIST, **more)


def _mls(language: str, opus: tuple[int, str], flac: tuple[int, str]) -> tuple[Archive, Archive]:
    """Return the archive of Opus files and the original one; sizes in units of 100 MB, as the page has them."""

    def archive(part: str, file: str, size: int, md5: str) -> Archive:
        url = f"https://dl.fbaipublicfiles.com/mls/{file}"
        return Archive(part, file, (url,), size * 10**8, f"md5:{md5}", LIST, exact=False, splits=ALL, default=False)

    return (
        archive(language, f"mls_{language}_opus.tar.gz", *opus),
        archive(f"{language}-flac", f"mls_{language}.tar.gz", *flac),
    )


def _speech_commands(part: str, file: str, size: int, sha256: str, *, default: bool = True) -> Archive:
    hosts = ("https://storage.googleapis.com/download.tensorflow.org/data", "http://download.tensorflow.org/data")
    urls = tuple(f"{host}/{file}" for host in hosts)
    into = file.removesuffix(".tar.gz")
    return Archive(part, file, urls, size, f"sha256:{sha256}", TFDS, grows=RAW, into=into, default=default)


def _magicdata(part: str, file: str, size: int) -> Archive:
    splits = (part,) if part in ALL else ()
    return _openslr(68, part, file, size, grows=RAW, splits=splits)


ARCHIVES: dict[str, tuple[Archive, ...]] = {
    "aishell1": (
        _openslr(
            33,
            "data",
            "data_aishell.tgz",
            15_582_913_665,
            "sha256:a4a0313cde0a933e0e01a451f77de0a23d6c942f4694af5bb7f40b9dc38143fe",
            COPIES,
            grows=2.5,  # for a while the archives inside lie beside what is in them
            nested="data_aishell/wav/*.tar.gz",
        ),
        _openslr(
            33,
            "resource",
            "resource_aishell.tgz",
            1_246_920,
            "sha256:1a6749854456e9402bc7295767937367afed1327799a5e1df0ed64baa5f77409",
            COPIES,
            grows=4.0,
        ),
    ),
    "an4": (
        Archive(
            "sphere",
            "an4_sphere.tar.gz",
            (
                "https://dldata-public.s3.us-east-2.amazonaws.com/an4_sphere.tar.gz",
                "https://huggingface.co/datasets/espnet/an4/resolve/main/an4_sphere.tar.gz",
                "http://www.speech.cs.cmu.edu/databases/an4/an4_sphere.tar.gz",
            ),
            64_000_000,
            "sha256:a0525579493735d32b60fb6fa5975dd0eaacde087b0a4eeb7f13b7ef33077b12",
            "a script that loads the first of the addresses",
            exact=False,
            grows=RAW,
        ),
    ),
    "fsdd": (
        Archive(
            "v1.0.10",
            "free-spoken-digit-dataset-1.0.10.tar.gz",
            (
                "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/refs/tags/v1.0.10.tar.gz",
                "https://codeload.github.com/Jakobovski/free-spoken-digit-dataset/tar.gz/refs/tags/v1.0.10",
            ),
            15_602_882,
            "sha256:feb479fad3a37883c3d21ed7f982281c2dd1c18d5aefd7e8a5d50f58023392aa",
            "made from the git tag",
            grows=RAW,
        ),
    ),
    "librispeech": (
        _librispeech("train-clean-5", 332_954_390, "5df7d4e78065366204ca6845bb08f490", number=31),
        _librispeech("dev-clean-2", 126_046_265, "6d7ab67ac6a1d2c993d050e16d61080d", number=31),
        _librispeech("train-clean-100", 6_387_309_499, "2a93770f6d5c6c964bc36631d331a522"),
        _librispeech("train-clean-360", 23_049_477_885, "c0e676e450a7ff2f54aeade5171606fa"),
        _librispeech("train-other-500", 30_593_501_606, "d1a0fd59409feb2c614ce4d30c387708"),
        _librispeech("dev-clean", 337_926_286, "42e2234ba48799c1f50f24a7926300a1"),
        _librispeech("dev-other", 314_305_928, "c8d0bcc9cca99d4f8b62fcc847357931"),
        _librispeech("test-clean", 346_663_984, "32fa31d27d2e1cad72775fee3f4849a9"),
        _librispeech("test-other", 328_757_843, "fb5a50374b501bb3bac4815ee91d3135"),
        _librispeech("intro-disclaimers", 695_964_615, "92ba57a9611a70fd7d34b73249ae48cf"),
        _librispeech("original-mp3", 87 * 10**9, "7e14b6df14f1c04a852a50ba5f7be915", exact=False),
        _librispeech("original-books", 297 * 10**6, "9da96b465573c8d1ee1d5ad3d01c08e3", exact=False, grows=4.0),
        _librispeech("raw-metadata", 33 * 10**6, "25eced105e10f4081585af89b8d27cd2", exact=False, grows=8.0),
    ),
    "ljspeech": (
        Archive(
            "1.1",
            "LJSpeech-1.1.tar.bz2",
            ("https://data.keithito.com/data/speech/LJSpeech-1.1.tar.bz2",),
            2_748_572_632,
            "sha256:be1a30453f28eb8dd26af4101ae40cbf2c50413b1bb21936cbcdc6fae3de8aa5",
            TFDS,
            grows=RAW,
        ),
    ),
    "magicdata": (
        _magicdata("train", "train_set.tar.gz", 52_627_842_921),
        _magicdata("dev", "dev_set.tar.gz", 1_035_537_823),
        _magicdata("test", "test_set.tar.gz", 2_201_936_013),
        _magicdata("metadata", "metadata.tar.gz", 3_886_385),
    ),
    "mls": (
        *_mls("dutch", (230, "96658c55ef85993a56cf2efbf6f83f57"), (860, "6b171a16baff0108efd320b1ad65b9d1")),
        *_mls("english", (6510, "60390221eec6f456611563b37f0b052c"), (24000, "9d4249911e318c2b8dcfcfecb484d865")),
        *_mls("french", (160, "b4716b2fd4f67b07c17c6b2a6068641f"), (610, "4172e807697259bff9ad63661aecabf6")),
        *_mls("german", (290, "b24a9dfd3a8dd1aeabc1341982cc4775"), (1150, "91ac982bf63869307f1b8950dfb7c776")),
        *_mls("italian", (38, "ca5a74d7e97cc62635022719e0ef529d"), (150, "dc77f5805aecc7182aa20786032e5dc1")),
        *_mls("polish", (16, "21f83647876c61566c96fdc6298a7b65"), (62, "ce1a1278006cc373c9d1cb6dbfc03d47")),
        *_mls("portuguese", (25, "4dbd6cbdda61268e5d26c4117b0bf769"), (93, "12d54613fae75ae5fb1d55836408f3ee")),
        *_mls("spanish", (140, "a2c4b0ff02a71f10ddb21beffbe640ce"), (500, "6c34698dd522dde28fdc43309e9cc1ac")),
    ),
    "primewords": (
        _openslr(
            47,
            "set1",
            "primewords_md_2018_set1.tar.gz",
            9_057_625_192,
            grows=RAW,
        ),
    ),
    "speech_commands": (
        _speech_commands(
            "v0.02",
            "speech_commands_v0.02.tar.gz",
            2_428_923_189,
            "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58",
        ),
        _speech_commands(
            "test-set-v0.02",
            "speech_commands_test_set_v0.02.tar.gz",
            112_563_277,
            "cc2a00c1147c2254e9be3fa0f779d8c17421dc349b86366567a8edfa9acd51df",
            default=False,
        ),
    ),
    "st_cmds": (
        _openslr(
            38,
            "1-OS",
            "ST-CMDS-20170001_1-OS.tar.gz",
            8_231_662_593,
            "md5:c28ddfc8e4ebe48949bc79a0c23c5545",
            "a script that loads the last of the addresses",
            grows=RAW,
        ),
    ),
    "tedlium3": (
        _openslr(
            51,
            "release-3",
            "TEDLIUM_release-3.tgz",
            54_320_173_876,
            "sha256:ad1e454d14d1ad550bc2564c462d87c7a7ec83d4dc2b9210f22ab4973b9eccdb",
            TFDS,
            grows=1.3,
        ),
    ),
    "thchs30": (
        _openslr(
            18,
            "data",
            "data_thchs30.tgz",
            6_453_425_169,
            "sha256:87e9231726af43b8ada6f84d2870fec4ebb23cb730439adbaacdc1dee77dbd1e",
            COPIES,
            grows=RAW,
        ),
        _openslr(
            18,
            "test-noise",
            "test-noise.tgz",
            1_971_460_210,
            "sha256:e1e7a9135754fd691f264e9d4e055a0507ff9ccd9061d45900f93a390138a418",
            COPIES,
            grows=RAW,
            default=False,
        ),
        _openslr(
            18,
            "resource",
            "resource.tgz",
            24_813_708,
            "sha256:5f10b11a86930d159250c979b2dccb26ac2527775b2aa628df08513af32d85ee",
            COPIES,
            grows=RAW,
            default=False,
        ),
    ),
    "vctk": (
        Archive(
            "0.92",
            "VCTK-Corpus-0.92.zip",
            (
                "https://datashare.ed.ac.uk/bitstream/handle/10283/3443/VCTK-Corpus-0.92.zip",
                "https://datashare.is.ed.ac.uk/bitstream/handle/10283/3443/VCTK-Corpus-0.92.zip",
            ),
            11_747_302_977,
            "sha256:f96258be9fdc2cbff6559541aae7ea4f59df3fcaf5cf963aae5ca647357e359c",
            TFDS,
            into="VCTK-Corpus-0.92",
        ),
    ),
    "yesno": (
        _openslr(
            1,
            "1",
            "waves_yesno.tar.gz",
            4_703_754,
            "sha256:c3f49e0cca421f96b75b41640749167b52118f232498667ca7a5f9416aef8e73",
            TFDS,
            grows=RAW,
        ),
    ),
}

# What may not be loaded by a program, and how a user gets it.
BY_HAND: dict[str, str] = {
    "commonvoice": (
        "it is given only to those who log in at https://datacollective.mozillafoundation.org; choose a language and a "
        "version there, load the archive and unpack it"
    ),
    "timit": "it is sold by the LDC as LDC93S1 (https://catalog.ldc.upenn.edu/LDC93S1); copy the disc's folder TIMIT",
    "voxforge": (
        "it is thousands of small archives, one a recording session, at http://www.voxforge.org; load those of a "
        "language with a program that follows links, and unpack them into one folder"
    ),
}
