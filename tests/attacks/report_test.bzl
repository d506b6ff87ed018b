"""report_test: the whole catalogue of attacks as one test."""

# Holes that wait: see README.md. A test fails when one of them is mended and still stands here.
_OPEN = []

# The folders of behaviours/.
_GROUPS = [
    "files",
    "identity",
    "kernel",
    "leftovers",
    "network",
    "outputs",
    "resources",
]

def report_test(name, launcher, columns, tags = []):
    """Runs the whole catalogue in these columns; one that cannot be had fails."""
    native.cc_test(
        name = name,
        size = "large",
        args = [
            "--launcher $(rootpath %s)" % launcher,
            "--programs tests/attacks/behaviours",
            "--columns " + ",".join(columns),
        ] + (["--open " + ",".join(_OPEN)] if _OPEN else []),
        data = [launcher] + ["//tests/attacks/behaviours/" + group for group in _GROUPS],
        tags = tags + ["no-sanitizer"],
        deps = [":report_main"],
    )
