"""Rich outputs: shown when they are printed, updated in place, in order.

Plain text is in test_text.py. Cells wait on files made by the test (`gate`), so
"while the cell runs" is checked by order of events and not by a clock.
"""

import base64
import random

import pytest

from client import block, show


def kinds(cell):
    """The outputs as short pairs: ("text", …), (message type, its content)."""
    return [("text", c["text"]) if t == "stream" else (t, c) for t, c in cell.outputs()]


def html(content):
    """The text/html of a display message."""
    return content["data"]["text/html"]


def one_write(*blocks):
    """A Rust statement that prints several blocks in one write."""
    text = "\\n".join(blocks)
    return f"""{{
        use std::io::Write;
        let mut out = std::io::stdout().lock();
        out.write_all("{text}\\n".as_bytes()).unwrap();
        out.flush().unwrap();
    }};"""


def test_each_output_arrives_before_the_cell_goes_on(client, gate):
    gates = [gate(f"g{i}") for i in range(3)]
    code = "\n".join(show("text/html", f"<b>{i}</b>") + g.wait() for i, g in enumerate(gates))
    cell = client.begin(code)
    for i, one in enumerate(gates):
        cell.until(lambda c, count=i + 1: len(c.contents("display_data")) == count)
        assert not cell.idle
        one.open()
    cell.finish()
    assert [html(c) for c in cell.contents("display_data")] == ["<b>0</b>", "<b>1</b>", "<b>2</b>"]
    assert cell.reply["status"] == "ok"


def test_an_output_is_updated_in_place_while_the_cell_runs(client, gate):
    first, second = gate("first"), gate("second")
    code = f"""
    {show("text/html", "<i>1</i>", " id=place")}
    {first.wait()}
    {show("text/html", "<i>2</i>", " id=place update=1")}
    {second.wait()}
    """
    cell = client.begin(code).until(lambda c: c.contents("display_data"))
    assert not cell.idle
    first.open()
    cell.until(lambda c: c.contents("update_display_data"))
    assert not cell.idle
    second.open()
    cell.finish()
    shown, updated = cell.contents("display_data", "update_display_data")
    assert (html(shown), html(updated)) == ("<i>1</i>", "<i>2</i>")
    assert shown["transient"]["display_id"] == updated["transient"]["display_id"] != ""


def test_different_ids_are_different_places(client):
    code = show("text/html", "a", " id=left") + show("text/html", "b", " id=right")
    left, right = client.run(code).contents("display_data")
    assert left["transient"]["display_id"] != right["transient"]["display_id"]


def test_an_update_of_nothing_shown_is_shown(client):
    cell = client.run(show("text/html", "new", " id=never_shown_before update=1"))
    assert [t for t, _ in cell.outputs()] == ["display_data"]
    assert html(cell.outputs()[0][1]) == "new"


def test_outputs_and_text_keep_their_order(client):
    code = f"""
    println!("one");
    {show("text/html", "A")}
    println!("two");
    {show("text/html", "B")}
    println!("three");
    """
    outputs = kinds(client.run(code))
    flat = [v if k == "text" else html(v) for k, v in outputs]
    assert flat == ["one\n", "A", "two\n", "B", "three\n"]


def test_blocks_of_one_write_with_one_id_are_one_output(client):
    code = one_write(block("text/html", "<b>x</b>", " id=both"), block("text/plain", "x", " id=both"))
    outputs = client.run(code).outputs()
    assert [t for t, _ in outputs] == ["display_data"]
    assert outputs[0][1]["data"] == {"text/html": "<b>x</b>", "text/plain": "x"}


def test_an_update_may_be_a_bundle_too(client, gate):
    go, attributes = gate("go"), " id=bundle update=1"
    code = show("text/html", "old", " id=bundle") + go.wait()
    code += one_write(block("text/html", "new", attributes), block("text/plain", "n", attributes))
    cell = client.begin(code).until(lambda c: c.contents("display_data"))
    go.open()
    cell.finish()
    assert [t for t, _ in cell.outputs()] == ["display_data", "update_display_data"]
    assert cell.outputs()[1][1]["data"] == {"text/html": "new", "text/plain": "n"}


def test_two_outputs_of_one_type_stay_two(client):
    cell = client.run(one_write(block("text/html", "a"), block("text/html", "b")))
    assert [html(c) for c in cell.contents("display_data")] == ["a", "b"]


@pytest.mark.parametrize("attributes", ["", " id=shown"])
@pytest.mark.parametrize("mime", ["text/html", "text/plain"])
def test_the_last_expression_is_the_result(client, mime, attributes):
    cell = client.run(show(mime, "shown", attributes) + "\n40 + 2")
    assert [t for t, _ in cell.outputs()] == ["display_data", "execute_result"]
    result = cell.outputs()[1][1]
    assert result["data"]["text/plain"] == "42"
    assert result["execution_count"] == cell.reply["execution_count"]


@pytest.mark.parametrize("code", ["for _ in 0..2 {}", "let v = 1;\nif v > 0 { drop(v) }", "()"])
def test_nothing_is_not_a_result(client, code):
    cell = client.run(code)
    assert (cell.reply["status"], cell.outputs()) == ("ok", [])


def test_a_type_that_displays_itself_is_the_result(client):
    code = """
    pub struct Table;
    impl Table {
        fn evcxr_display(&self) {
            println!("EVCXR_BEGIN_CONTENT text/html\\n<i>t</i>\\nEVCXR_END_CONTENT");
            println!("EVCXR_BEGIN_CONTENT text/plain\\nt\\nEVCXR_END_CONTENT");
        }
    }
    Table
    """
    outputs = client.run(code).outputs()
    assert [t for t, _ in outputs] == ["execute_result"]
    assert outputs[0][1]["data"] == {"text/html": "<i>t</i>", "text/plain": "t"}


CHART = """
#[derive(Debug)]
pub struct Chart(String);
impl Chart {
    fn title(self, text: &str) -> Chart { Chart(text.to_owned()) }
    fn evcxr_display(&self) {
        println!("EVCXR_BEGIN_CONTENT text/html\\n<i>{}</i>\\nEVCXR_END_CONTENT", self.0);
    }
}
#[derive(Debug)]
pub struct Silent;
impl Silent { fn same(self) -> Silent { self } }
"""

# name: (an earlier cell, the cell whose last expression moves a variable)
MOVES = {
    "of an earlier cell": ("let chart = Chart(String::new());", 'chart.title("t")'),
    "that may change": ("let mut chart = Chart(String::new());", 'chart = Chart("a".into()); chart.title("t")'),
    "of the same cell": ("", 'let mut chart = Chart(String::new()); chart.title("t")'),
    "behind a question mark": (
        "let chart = Chart(String::new());",
        'let n: i32 = "1".parse()?; chart.title(if n == 1 { "t" } else { "" })',
    ),
}


@pytest.mark.parametrize("name", MOVES)
def test_a_last_expression_that_moves_a_variable_displays_itself(client, name):
    before, code = MOVES[name]
    client.check(CHART + before)
    outputs = client.run(code).outputs()
    assert [t for t, _ in outputs] == ["execute_result"], outputs
    assert outputs[0][1]["data"] == {"text/html": "<i>t</i>"}
    assert "chart" in client.run("chart").error()["evalue"], "the variable was moved, so it is gone"


def test_a_moved_value_that_cannot_display_itself_is_debug_text(client):
    client.check(CHART + "let silent = Silent;")
    assert client.run("silent.same()").outputs()[0][1]["data"] == {"text/plain": "Silent"}


def test_clear_output(client):
    code = """
    println!("before");
    println!("EVCXR_CLEAR_OUTPUT wait=1");
    println!("between");
    println!("EVCXR_CLEAR_OUTPUT");
    println!("after");
    """
    outputs = kinds(client.run(code))
    assert outputs == [
        ("text", "before\n"),
        ("clear_output", {"wait": True}),
        ("text", "between\n"),
        ("clear_output", {"wait": False}),
        ("text", "after\n"),
    ]


def test_an_output_shown_again_after_a_clear(client):
    once = show("text/html", "first", " id=again")
    code = once + 'println!("EVCXR_CLEAR_OUTPUT wait=1");' + once.replace("first", "second")
    types = [t for t, _ in client.run(code).outputs()]
    assert types[-2:] == ["clear_output", "display_data"]


def test_an_output_after_text_without_a_newline(client):
    cell = client.run(f'print!("abc"); {show("text/html", "H")} print!("def");')
    assert cell.text() in ("abcdef", "abc\ndef")
    assert [html(c) for c in cell.contents("display_data")] == ["H"]
    assert cell.reply["status"] == "ok"


def test_an_output_of_many_lines_and_of_none(client):
    cell = client.run(show("text/html", "<pre>\\n  a\\n\\nb</pre>") + show("text/html", ""))
    assert [html(c) for c in cell.contents("display_data")] == ["<pre>\n  a\n\nb</pre>", ""]


def test_binary_content_passes_unchanged(client):
    png = base64.b64encode(random.Random(0).randbytes(3000)).decode()
    cell = client.run(show("image/png", png))
    assert cell.contents("display_data")[0]["data"] == {"image/png": png}


def test_json_content_is_an_object(client):
    cell = client.run('println!("EVCXR_BEGIN_CONTENT application/json\\n{}\\nEVCXR_END_CONTENT", r#"{"a": [1, 2]}"#);')
    assert cell.contents("display_data")[0]["data"]["application/json"] == {"a": [1, 2]}


def test_unicode_content(client):
    text = "Ошибка обучения: 0,5 → 🦀 e\u0301 👩‍🔬"
    cell = client.run(show("text/html", text))
    assert html(cell.contents("display_data")[0]) == text


def test_a_large_output_is_complete(client):
    code = 'println!("EVCXR_BEGIN_CONTENT text/html\\n{}\\nEVCXR_END_CONTENT", "ж".repeat(2_500_000));'
    cell = client.run(code)
    assert html(cell.contents("display_data")[0]) == "ж" * 2_500_000


UPDATES = f"""
{show("text/html", "start", " id=fast")}
for i in 0..2000 {{
    println!("EVCXR_BEGIN_CONTENT text/html id=fast update=1\\n{{i}}\\nEVCXR_END_CONTENT");
    std::thread::sleep(std::time::Duration::from_millis(1));
}}
"""


def test_a_thousand_updates_a_second_are_coalesced(client):
    cell = client.run(UPDATES + 'println!("end");')
    updates = [int(html(c)) for c in cell.contents("update_display_data")]
    assert updates == sorted(updates)
    assert updates[-1] == 1999
    assert 2 < len(updates) < 1000
    assert kinds(cell)[-1] == ("text", "end\n")


def test_the_last_update_arrives_before_an_error(client):
    cell = client.run(UPDATES + 'panic!("after the updates");')
    assert html(cell.contents("update_display_data")[-1]) == "1999"
    assert cell.outputs()[-1][0] == "error"
    assert cell.reply["status"] == "error"


def test_an_unfinished_output_does_not_swallow_the_next_cell(client):
    client.run('println!("EVCXR_BEGIN_CONTENT text/html\\nhalf");')
    cell = client.run('println!("next"); 1 + 1')
    assert cell.text() == "next\n"
    assert cell.contents("execute_result")[0]["data"]["text/plain"] == "2"
