"""nbgrader's configuration of the course that `cargo lab release --nbgrader` makes.

Run nbgrader in this folder. The kernel is found where Jupyter finds it; `LAB_CHECK_SEED`
chooses the hidden variants of the checks when submissions are graded.
"""

import os

c = get_config()  # noqa: F821 - given by traitlets

os.environ.setdefault("LAB_PROGRESS", "off")
os.environ.setdefault("LAB_CHECK_SEED", "1001")

c.CourseDirectory.course_id = "deep-learning-lab"
c.ClearSolutions.begin_solution_delimeter = "BEGIN SOLUTION"
c.ClearSolutions.end_solution_delimeter = "END SOLUTION"
c.ClearSolutions.code_stub = {"rust": 'todo!("ЗАДАНИЕ: напишите свой код на месте этой строки")'}
c.ClearSolutions.text_stub = "*Ваш ответ:*"
# Answers to questions stand in Markdown cells that nobody grades by machine.
c.ClearSolutions.enforce_metadata = False
# A cell that trains may take minutes; one that hangs must end.
c.Execute.timeout = 600
c.Execute.startup_timeout = 180
c.Execute.kernel_name = "rust"
# A failed cell does not keep the next from running.
c.Execute.allow_errors = True
c.Execute.raise_on_iopub_timeout = False
