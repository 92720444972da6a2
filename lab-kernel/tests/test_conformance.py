"""The public conformance suite for Jupyter kernels, every sample filled in.

What it checks is decided by the package jupyter_kernel_test; the samples are
ours. Finer points of the protocol are in test_protocol.py, read that next.

Two samples of the suite stay empty. `code_page_something`: a pager is IPython's
`object?`, shown through the payload mechanism that the messaging specification
calls deprecated; Rust has no such syntax, and Shift-Tab (inspect) serves it.
`support_iopub_welcome`: see IopubWelcomeTests below.
"""

import jupyter_kernel_test
from jupyter_client.manager import start_new_kernel

from client import KERNEL, START_TIMEOUT, show


class RustKernelTests(jupyter_kernel_test.KernelTests):
    """The suite itself; test_* methods are inherited."""

    kernel_name = KERNEL
    language_name = "rust"
    file_extension = ".rs"

    code_hello_world = 'println!("hello, world");'
    code_stderr = 'eprintln!("oops");'
    completion_samples = [
        {"text": "let zebra_count = 1; zebra_co", "matches": {"zebra_count"}},
        {"text": "let text = String::new(); text.is_emp"},
        {"text": "std::collections::HashM"},
    ]
    complete_code_samples = ["1 + 1", "let x = 5;", 'println!("hi");', "fn f() -> i32 {\n    1\n}", "struct S;"]
    incomplete_code_samples = ["fn f() {", "let x = (1,", 'println!("hi', "struct S {\n    a: i32,", "/* open"]
    invalid_code_samples = ["let = 5;", "fn f( { ) }", "}", "let x = );"]
    code_generate_error = 'panic!("broken");'
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": 'format!("{}-{}", "a", 1)', "result": '"a-1"'},
        {"code": "vec![1, 2, 3]", "result": "[1, 2, 3]"},
    ]
    code_display_data = [
        {"code": show("text/html", "<b>x</b>"), "mime": "text/html"},
        {"code": show("image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'/>"), "mime": "image/svg+xml"},
        {"code": show("image/png", "iVBORw0KGgo="), "mime": "image/png"},
    ]
    code_history_pattern = "6 ? 7*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "String::new"
    code_clear_output = 'println!("EVCXR_CLEAR_OUTPUT wait=1");'

    @classmethod
    def setUpClass(cls):
        """Starts the kernel and lets a first cell pass: the suite's own limits suit a warm kernel."""
        cls.km, cls.kc = start_new_kernel(kernel_name=cls.kernel_name, startup_timeout=START_TIMEOUT)
        cls.kc.execute("let warm = 1;", silent=True)
        cls.kc.get_shell_msg(timeout=START_TIMEOUT)

    @classmethod
    def tearDownClass(cls):
        """Ends the kernel, and frees the manager's sockets too."""
        super().tearDownClass()
        cls.km.cleanup_resources()

    test_pager = None  # no pager: see above


# `IopubWelcomeTests` is left out: iopub_welcome (JEP 65) needs an XPUB socket and
# is announced by kernels that have it; ours does not announce it.
