"""What every server gets: one certificate and one folder of files to serve."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

HOST_NAME = "localhost"
FILE_BYTES = {"/1k.bin": 1024, "/16k.bin": 16 * 1024, "/100k.bin": 100 * 1024, "/10m.bin": 10 * 1024 * 1024}
LISTING_PATH = "/listing/"
LISTING_ENTRIES = 1000


@dataclass(frozen=True)
class Fixture:
    site: Path
    certificate: Path
    key: Path


def make_fixture(tools: Path, folder: Path) -> Fixture:
    """Makes the certificate among the compiled tools and the files in a temporary folder."""
    fixture = Fixture(folder / "site", tools / "certificate.pem", tools / "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "30", "-subj", f"/CN={HOST_NAME}", "-addext", f"subjectAltName=DNS:{HOST_NAME}",
         "-keyout", str(fixture.key), "-out", str(fixture.certificate)],
        check=True, capture_output=True)

    listing = fixture.site / LISTING_PATH.strip("/")
    listing.mkdir(parents=True)
    for path, size in FILE_BYTES.items():
        (fixture.site / path.strip("/")).write_bytes(os.urandom(size))
    for number in range(LISTING_ENTRIES):
        (listing / f"entry-{number:04}.txt").write_text(f"{number}\n")
    return fixture
