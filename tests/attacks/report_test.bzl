"""report_test: the whole catalogue of attacks as one test."""

# Holes that wait: see README.md. A test fails when one of them is mended and still stands here.
_OPEN_EVERYWHERE = [
    "files/pipe_of_bound_folder",
    "files/socket_of_bound_folder",
    "identity/lock_of_device",
    "identity/uptime_by_search",
    "identity/watch_devices",
]

# What nobody can see without a cgroup.
_UNSEEN = [
    "resources/pipe_bomb",
    "resources/shared_memory_cut_off",
    "resources/socket_buffer_bomb",
]

# Some column of each test has no cgroup.
_OPEN_HERE = _OPEN_EVERYWHERE + ["identity/cpu_count_by_search"] + _UNSEEN
_OPEN = _OPEN_HERE + ["resources/descriptors_in_flight"]

# Under the assembly profile; and there without a cgroup.
_OPEN_IN_ASSEMBLY = _OPEN_EVERYWHERE + [
    "identity/watch_tools",
    "resources/descriptors_in_flight",
]
_OPEN_WITHOUT_CGROUP = [
    "resources/own_mount_bomb",
    "resources/spared_by_the_kernel",
] + _UNSEEN

# What is known of one profile must not be missed in the other, so no test has columns of both.
def _open(columns):
    in_assembly = [column for column in columns if column.startswith("assembly")]
    if columns == ["here"]:
        return _OPEN_HERE
    if not in_assembly:
        return _OPEN
    if in_assembly != columns:
        fail("columns of both profiles in one test")
    return _OPEN_IN_ASSEMBLY + (_OPEN_WITHOUT_CGROUP if "assembly-range" in columns else [])

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
        ] + (["--open " + ",".join(_open(columns))] if _open(columns) else []),
        data = [launcher] + ["//tests/attacks/behaviours/" + group for group in _GROUPS],
        tags = tags + ["no-sanitizer"],
        deps = [":report_main"],
    )
