"""The volume for what no sibling takes belongs to the gate's user, which is not root."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from services.sender.postfix import install


@pytest.fixture
def mine(monkeypatch: pytest.MonkeyPatch) -> pwd.struct_passwd:
    """Lets whoever runs the test be Postfix's user."""
    me = pwd.getpwuid(os.getuid())
    monkeypatch.setattr(install, "owner", lambda: me)
    return me


def test_a_fresh_volume_is_given_to_the_gate(tmp_path: Path, mine: pwd.struct_passwd) -> None:
    tmp_path.chmod(0o755)
    install.exports(tmp_path)
    found = tmp_path.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (mine.pw_uid, mine.pw_gid, 0o700)


def test_a_pod_whose_queue_lies_on_a_volume_has_none(tmp_path: Path, mine: pwd.struct_passwd) -> None:
    install.exports(tmp_path / "exported")
    assert not (tmp_path / "exported").exists()


def test_a_share_that_squashes_root_is_taken_as_it_is(
    tmp_path: Path, mine: pwd.struct_passwd, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "chown", refused)
    install.exports(tmp_path)
