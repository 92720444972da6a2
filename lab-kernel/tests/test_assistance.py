"""Completion and inspection: what is found, and where in the text it belongs.

Positions are counted in Unicode code points, as the protocol says. The frame of
these requests (status, parent) is in test_protocol.py.
"""

import pytest


def complete(client, code, cursor=None):
    """The complete_reply for a cursor at the given place, by default the end."""
    cursor = len(code) if cursor is None else cursor
    reply = client.ask("complete_request", {"code": code, "cursor_pos": cursor})
    assert reply["status"] == "ok", reply
    return reply


def inspect(client, code, cursor=None):
    """The inspect_reply for a cursor at the given place, by default the end."""
    cursor = len(code) if cursor is None else cursor
    reply = client.ask("inspect_request", {"code": code, "cursor_pos": cursor, "detail_level": 0})
    assert reply["status"] == "ok", reply
    return reply


def names(reply):
    """The matches up to their parentheses."""
    return {m.split("(")[0] for m in reply["matches"]}


def test_a_method_of_the_standard_library(client):
    reply = complete(client, "let text = String::new();\ntext.is_em")
    assert "is_empty" in names(reply)


def test_a_variable_of_an_earlier_cell(client):
    client.check("let counter_of_things = 1;")
    assert "counter_of_things" in names(complete(client, "1 + counter_of"))


def test_a_method_of_a_variable_of_an_earlier_cell(client):
    client.check("let numbers = vec![1, 2];")
    assert "len" in names(complete(client, "numbers.le"))


def test_a_function_of_an_earlier_cell(client):
    client.check("fn remembered_function() -> i32 { 1 }")
    assert "remembered_function" in names(complete(client, "remembered_fu"))


@pytest.mark.parametrize("before", ["", "Привет ", "🦀🦀 ", "e\u0301 ", "👩‍🔬 "])
def test_positions_are_code_points(client, before):
    code = f'let s = "{before}"; s.is_em'
    reply = complete(client, code)
    assert "is_empty" in names(reply)
    assert code[reply["cursor_start"] : reply["cursor_end"]] == "is_em"


def test_the_cursor_may_stand_inside_the_code(client):
    head, tail = 'let s = String::new(); let n = "Ж".len(); s.is_em', "; let after = 1;"
    reply = complete(client, head + tail, len(head))
    assert "is_empty" in names(reply)
    assert (head + tail)[reply["cursor_start"] : len(head)] == "is_em"


def test_nothing_to_complete(client):
    assert complete(client, "zzz_no_such_thing_")["matches"] == []


@pytest.mark.parametrize("cursor", [-1, 0, 1000])
def test_a_cursor_out_of_place_is_harmless(client, cursor):
    complete(client, "String", cursor)
    inspect(client, "String", cursor)
    assert client.check('println!("alive");') == "alive\n"


@pytest.mark.parametrize("code", ["String", "String::new", "Vec"])
def test_inspection_of_the_standard_library(client, code):
    reply = inspect(client, code)
    assert reply["found"] is True
    assert len(reply["data"]["text/plain"]) > 10


def test_inspection_of_a_variable(client):
    client.check("let inspected: u64 = 1;")
    reply = inspect(client, "inspected")
    assert reply["found"] is True
    assert "u64" in reply["data"]["text/plain"]


def test_inspection_after_unicode(client):
    reply = inspect(client, 'let s = "Привет 🦀"; String')
    assert reply["found"] is True


def test_inspection_finds_nothing(client):
    assert inspect(client, "zzz_no_such_thing") == {"status": "ok", "found": False, "data": {}, "metadata": {}}


def test_completion_does_not_run_the_code(client, tmp_path):
    trace = tmp_path / "trace"
    complete(client, f'std::fs::write("{trace}", "x").unwrap(); String::ne')
    client.check('println!("after");')
    assert not trace.exists()
