"""How full a spool is, on a pod's own disk and on a volume with a file system of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from services.sender.gate import queues

NOBODY = 65534


def test_all_queues_and_folders_count(tmp_path: Path) -> None:
    for folder in ("hold", "deferred/A"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "A1").write_bytes(b"x" * 10_000)
    assert queues.octets(tmp_path) >= 20_000
    assert queues.octets(tmp_path / "none") == 0


def test_what_a_volumes_file_system_keeps_for_itself_is_no_mail(tmp_path: Path) -> None:
    empty = queues.octets(tmp_path)
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "lost+found" / "#12").write_bytes(b"x" * 10_000)
    assert queues.octets(tmp_path) == empty


@pytest.mark.lab
def test_a_user_without_rights_measures_a_fresh_volume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise no mail was let in: what can't be measured may be full."""
    (tmp_path / "hold").mkdir()
    (tmp_path / "hold" / "A1").write_bytes(b"x" * 10_000)
    (tmp_path / "lost+found").mkdir(mode=0o700)
    tmp_path.chmod(0o755)
    # The folders above belong to root, so nobody gets there by a whole path.
    monkeypatch.chdir(tmp_path)
    os.seteuid(NOBODY)
    try:
        with pytest.raises(PermissionError):
            os.listdir("lost+found")
        assert queues.octets(Path()) >= 10_000
    finally:
        os.seteuid(0)
