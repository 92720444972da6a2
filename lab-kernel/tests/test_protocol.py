"""The messaging protocol beyond the conformance suite: requests and their replies.

Outputs are in test_output.py and test_text.py, errors in test_errors.py, what
code completion and inspection find is in test_assistance.py, whom the kernel
listens to in test_security.py.
"""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import zmq

from client import WAIT_FOR, show
from processes import Outside

COMPLETE = ["let x = 1;", "1 + 1", "fn f() {}", "// a comment", "struct S;", 'println!("a");', 'let s = "{";', ":vars"]
INCOMPLETE = [
    "fn f() {",
    "let x = (1,",
    "let x =",
    'let s = "abc',
    "/* comment",
    'println!("a"',
    "match x {\n    1 => 2,",
    'let s = r#"raw',
    "if a {\n    1\n} else {",
]
INVALID = ["let x = ;", "}", ")", "let x 2;", "fn f() { ) }", "let x = (1];"]


def is_complete(client, code):
    """The reply to an is_complete_request."""
    return client.ask("is_complete_request", {"code": code})


@pytest.mark.parametrize("code", COMPLETE)
def test_complete(client, code):
    assert is_complete(client, code)["status"] == "complete"


@pytest.mark.parametrize("code", INCOMPLETE)
def test_incomplete(client, code):
    reply = is_complete(client, code)
    assert reply["status"] == "incomplete"
    assert reply["indent"].strip(" ") == ""


@pytest.mark.parametrize("code", INVALID)
def test_invalid(client, code):
    assert is_complete(client, code)["status"] == "invalid"


@pytest.mark.parametrize("code", ["", "\n\n", "\0", "🦀", "'", "#", "a\u0301 Ж"])
def test_any_input_gets_a_status(client, code):
    assert is_complete(client, code)["status"] in ("complete", "incomplete", "invalid", "unknown")


def test_indent_grows_with_open_braces(client):
    assert is_complete(client, "fn f() {")["indent"] == "    "
    assert is_complete(client, "fn f() {\n    loop {")["indent"] == "        "


def history(client, **content):
    """The entries of a history_reply."""
    content = {"output": False, "raw": True, **content}
    reply = client.ask("history_request", content)
    assert reply["status"] == "ok"
    return reply["history"]


def test_history_tail(client):
    codes = [f"let tail_{i} = {i};" for i in range(4)]
    counts = [client.run(c).reply["execution_count"] for c in codes]
    assert [h[1:] for h in history(client, hist_access_type="tail", n=3)] == [
        [n, c] for n, c in list(zip(counts, codes, strict=True))[1:]
    ]
    assert len({h[0] for h in history(client, hist_access_type="tail", n=3)}) == 1


def test_history_with_output(client):
    client.run("let quiet = 1;")
    client.run("40 + 2")
    entries = history(client, hist_access_type="tail", n=2, output=True)
    assert [h[2] for h in entries] == [["let quiet = 1;", None], ["40 + 2", "42"]]


def test_history_range(client):
    first, second = (client.run(f"let range_{i} = 1;").reply["execution_count"] for i in (1, 2))
    both = {"hist_access_type": "range", "session": 0, "start": first, "stop": second + 1}
    assert [h[2] for h in history(client, **both)] == ["let range_1 = 1;", "let range_2 = 1;"]
    assert [h[2] for h in history(client, **{**both, "stop": second})] == ["let range_1 = 1;"]


def test_history_search(client):
    for _ in range(2):
        client.run("let needle_a = 1;")
    client.run("let needle_b = 1;")
    search = {"hist_access_type": "search", "pattern": "*needle*"}
    found = [h[2] for h in history(client, n=10, **search)]
    assert found == ["let needle_a = 1;", "let needle_a = 1;", "let needle_b = 1;"]
    assert [h[2] for h in history(client, n=10, unique=True, **search)] == ["let needle_a = 1;", "let needle_b = 1;"]
    assert [h[2] for h in history(client, n=1, **search)] == ["let needle_b = 1;"]
    assert history(client, hist_access_type="search", pattern="let needle_?;", n=10) == []
    assert len(history(client, hist_access_type="search", pattern="let needle_? = 1;", n=10)) == 3


@pytest.mark.parametrize("options", [{"store_history": False}, {"silent": True}])
def test_not_every_cell_is_kept(client, options):
    before = client.run("let counted = 1;").reply["execution_count"]
    client.run("let not_to_be_kept = 1;", **options)
    assert client.run("let counted = 2;").reply["execution_count"] == before + 1
    assert [h[2] for h in history(client, hist_access_type="tail", n=2)] == ["let counted = 1;", "let counted = 2;"]


def test_silent_cells_run_quietly(client):
    cell = client.run("let from_silence = 41; from_silence + 1", silent=True)
    assert cell.reply["status"] == "ok"
    assert not cell.contents("execute_input", "execute_result")
    assert cell.states() == ["busy", "idle"]
    assert client.check('println!("{from_silence}");') == "41\n"


def test_a_silent_error_is_in_the_reply(client):
    cell = client.run('panic!("broken");', silent=True)
    assert cell.reply["status"] == "error"
    assert "broken" in cell.reply["evalue"]


def test_the_input_is_echoed_first(client):
    cell = client.run("let echoed = 1; // Ж")
    types = [m["msg_type"] for m in cell.messages]
    assert types == ["status", "execute_input", "status"]
    count = cell.reply["execution_count"]
    assert cell.contents("execute_input") == [{"code": "let echoed = 1; // Ж", "execution_count": count}]


def test_counts_go_up_by_one_after_errors_too(client):
    codes = ["1", 'panic!("x");', "let y: i32 = true;", "2"]
    counts = [client.run(c).reply["execution_count"] for c in codes]
    assert counts == list(range(counts[0], counts[0] + 4))


@pytest.mark.parametrize("code", ["", "   \n", "// only a comment"])
def test_an_empty_cell_is_fine(client, code):
    cell = client.run(code)
    assert cell.reply["status"] == "ok"
    assert cell.contents("error", "execute_result") == []


def test_user_expressions_are_tolerated(client):
    reply = client.run("let u = 1;", user_expressions={"sum": "u + 1"}).reply
    assert reply["status"] == "ok"
    expressions = reply["user_expressions"]
    assert expressions == {} or set(expressions) == {"sum"} and "status" in expressions["sum"]


@pytest.mark.parametrize("channel", ["shell", "control"])
def test_kernel_info(client, channel):
    info = client.ask("kernel_info_request", channel=channel)
    assert info["status"] == "ok"
    assert re.fullmatch(r"5\.\d+", info["protocol_version"])
    assert info["implementation"] and info["implementation_version"] and info["banner"]
    language = info["language_info"]
    assert language["name"] == "rust"
    assert language["mimetype"] in ("text/rust", "text/x-rust", "text/x-rustsrc")
    assert language["file_extension"] == ".rs"
    assert language["pygments_lexer"] == "rust"
    assert language["codemirror_mode"] == "rust"
    assert re.match(r"\d+\.\d+", language["version"])


REQUESTS = {
    "kernel_info_request": {},
    "is_complete_request": {"code": "1"},
    "history_request": {"output": False, "raw": True, "hist_access_type": "tail", "n": 1},
    "comm_info_request": {},
    "complete_request": {"code": "Str", "cursor_pos": 3},
    "inspect_request": {"code": "String", "cursor_pos": 6, "detail_level": 0},
    "execute_request": {"code": "1", "silent": False},
}
CONTROL = [("kernel_info_request", "control"), ("interrupt_request", "control")]


@pytest.mark.parametrize("kind,channel", [(k, "shell") for k in REQUESTS] + CONTROL)
def test_every_request_is_framed_by_busy_and_idle(client, kind, channel):
    msg_id = client.send(kind, REQUESTS.get(kind, {}), channel)
    reply = client.answer(msg_id)
    assert reply["msg_type"] == kind.replace("_request", "_reply")
    assert reply["content"]["status"] == ("complete" if "is_complete" in kind else "ok")
    messages = client.iopub[msg_id]
    assert client.states(msg_id) == ["busy", "idle"]
    assert messages[0]["msg_type"] == messages[-1]["msg_type"] == "status"
    for message in [reply, *messages]:
        assert message["parent_header"]["msg_type"] == kind
        assert message["parent_header"]["session"] == client.kc.session.session
        assert message["header"]["session"] != client.kc.session.session
        assert re.fullmatch(r"5\.\d+", message["header"]["version"])
    ids = [m["header"]["msg_id"] for m in [reply, *messages]]
    assert len(set(ids)) == len(ids)


def test_control_answers_while_a_cell_runs(client, gate):
    go = gate("go")
    cell = client.begin(f'println!("on"); {go.wait()}').until_text("on\n")
    assert client.ask("kernel_info_request", channel="control")["status"] == "ok"
    assert not cell.idle
    go.open()
    assert cell.finish().reply["status"] == "ok"


def test_comm_info_is_empty(client):
    assert client.ask("comm_info_request") == {"status": "ok", "comms": {}}
    assert client.ask("comm_info_request", {"target_name": "x"}) == {"status": "ok", "comms": {}}


def test_an_unknown_comm_is_closed(client):
    opening = client.send("comm_open", {"comm_id": "c1", "target_name": "nobody", "data": {}})
    client.wait(lambda: any(m["msg_type"] == "comm_close" for m in client.iopub[opening]), what="comm_close")
    close = [m for m in client.iopub[opening] if m["msg_type"] == "comm_close"]
    assert [m["content"]["comm_id"] for m in close] == ["c1"]
    client.send("comm_msg", {"comm_id": "c1", "data": {}})
    client.send("comm_close", {"comm_id": "c1", "data": {}})
    assert client.check('println!("alive");') == "alive\n"


@pytest.mark.parametrize("channel", ["shell", "control"])
@pytest.mark.parametrize(
    "frames", [[b""], [b"x", b"y"], [b"<IDS|MSG>"], [b"<IDS|MSG>", b"", b"{", b"{}", b"{}", b"{}"]]
)
def test_malformed_frames_are_ignored(client, channel, frames):
    getattr(client.kc, f"{channel}_channel").socket.send_multipart(frames)
    assert client.ask("kernel_info_request", channel=channel)["status"] == "ok"
    assert client.check('println!("alive");') == "alive\n"


@pytest.mark.parametrize("channel", ["shell", "control"])
@pytest.mark.parametrize("kind", ["no_such_request", "execute_request", "complete_request", "inspect_request"])
def test_requests_without_sense_do_not_end_the_kernel(client, channel, kind):
    client.send(kind, {}, channel)
    assert client.ask("kernel_info_request", channel=channel)["status"] == "ok"
    assert client.check('println!("alive");') == "alive\n"


def test_input_is_asked_for(client):
    code = """
    println!("EVCXR_INPUT_REQUEST:Имя?");
    let mut name = String::new();
    std::io::stdin().read_line(&mut name).unwrap();
    println!("Привет, {}!", name.trim());
    """
    cell = client.begin(code, allow_stdin=True)
    request = client.kc.get_stdin_msg(timeout=60)
    assert request["msg_type"] == "input_request"
    assert request["content"]["prompt"] == "Имя?"
    assert not request["content"]["password"]
    client.kc.input("Ада")
    assert cell.finish().text() == "Привет, Ада!\n"


def test_two_kernels_do_not_see_each_other(client, start):
    other = start()
    client.check('let shared = "first"; let only_first = 1;')
    other.check('let shared = "second";')
    cells = [c.begin('println!("{shared}");') for c in (client, other)]
    assert [c.finish().text() for c in cells] == ["first\n", "second\n"]
    assert "only_first" in other.run("only_first").error()["evalue"]
    one, two = Outside(client).sessions, Outside(other).sessions
    assert len(one) == len(two) == 1 and one != two


def test_pages_that_come_and_go(client, gate):
    stop = gate("stop")
    code = f"""{WAIT_FOR}
    println!("begin");
    let shows = std::thread::spawn(|| while !std::path::Path::new("{stop}").exists() {{
        for _ in 0..3 {{ {show("text/plain", "x")} }}
        std::thread::sleep(std::time::Duration::from_micros(300));
    }});
    {stop.wait()}
    shows.join().unwrap();"""
    cell = client.begin(code).until_text("begin")
    own = client.kc.iopub_channel.socket
    own.unsubscribe(b"")  # it would have to read them all
    context = zmq.Context()

    def hears():
        """Whether a page that is opened now gets what the cell prints."""
        with context.socket(zmq.SUB) as page:
            page.linger = 0
            page.connect(client.km._make_url("iopub"))
            page.subscribe(b"")
            return page.poll(30_000) > 0

    with ThreadPoolExecutor(8) as pool:
        try:
            assert all(pool.map(lambda _: hears(), range(5000)))
        finally:
            pool.shutdown(cancel_futures=True)
    context.term()
    own.subscribe(b"")
    stop.open()
    client.wait(lambda: cell.reply, what="the cell's reply")
    assert cell.reply["status"] == "ok"
    client.wait_ready()
