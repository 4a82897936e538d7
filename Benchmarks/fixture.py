"""What every server gets: one certificate and one folder of files to serve."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

HOST_NAME = "localhost"
FILE_BYTES = {"/1k.bin": 1024, "/16k.bin": 16 * 1024, "/100k.bin": 100 * 1024, "/10m.bin": 10 * 1024 * 1024}
SCRIPT_PATH = "/cgi-bin/hello.cgi"
BODY_BYTES = FILE_BYTES | {SCRIPT_PATH: len("hello, world\n")}    # of answers whose size is known
LISTING_PATH = "/listing/"
LISTING_ENTRIES = 1000


@dataclass(frozen=True)
class Fixture:
    site: Path
    scripts: Path    # programs for the paths beneath /cgi-bin/
    certificate: Path
    key: Path


def make_fixture(tools: Path, folder: Path) -> Fixture:
    """Makes the certificate among the compiled tools and the files in a temporary folder."""
    fixture = Fixture(folder / "site", folder / "scripts", tools / "certificate.pem", tools / "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "30", "-subj", f"/CN={HOST_NAME}", "-addext", f"subjectAltName=DNS:{HOST_NAME}",
         "-keyout", str(fixture.key), "-out", str(fixture.certificate)],
        check=True, capture_output=True)

    fixture.scripts.mkdir()
    shutil.copy(tools / "hello", fixture.scripts / Path(SCRIPT_PATH).name)
    listing = fixture.site / LISTING_PATH.strip("/")
    listing.mkdir(parents=True)
    for path, size in FILE_BYTES.items():
        (fixture.site / path.strip("/")).write_bytes(os.urandom(size))
    for number in range(LISTING_ENTRIES):
        (listing / f"entry-{number:04}.txt").write_text(f"{number}\n")
    return fixture
