"""What a preview of an update shows is what the update will leave."""

from __future__ import annotations

from lab.standins.kubernetes.objects import foreseen


def test_what_is_no_longer_declared_goes_and_what_the_cluster_added_stays() -> None:
    before = {"data": {"amber": "spring-sale", "cedar": "winter"}, "metadata": {"name": "table"}}
    state = {**before, "metadata": {"name": "table", "uid": "1"}, "status": {"ready": True}}
    wanted = {"data": {"amber": "autumn", "birch": ""}, "metadata": {"name": "table"}}
    assert foreseen(state, before, wanted) == {
        "data": {"amber": "autumn", "birch": ""},
        "metadata": {"name": "table", "uid": "1"},
        "status": {"ready": True},
    }


def test_a_whole_part_that_is_no_longer_declared_goes() -> None:
    assert foreseen({"data": {"a": "1"}, "kind": "Secret"}, {"data": {"a": "1"}}, {"kind": "Secret"}) == {
        "kind": "Secret"
    }
    assert foreseen({"items": [1, 2]}, {"items": [1, 2]}, {"items": [2]}) == {"items": [2]}
