"""behaviours: one static program for each hostile behaviour, and all of them as one target."""

def behaviours(name, srcs):
    """name: all programs. Each file behaviours/GROUP/NAME.cc is the program behaviours/GROUP/NAME."""
    programs = [src[:-len(".cc")] for src in srcs]
    for program in programs:
        native.cc_binary(
            name = program,
            testonly = True,
            srcs = [program + ".cc"],
            features = ["fully_static_link"],
            linkopts = ["-s"],
            linkstatic = True,
            tags = ["no-sanitizer"],
            deps = [":behaviour"],
        )
    native.filegroup(
        name = name,
        testonly = True,
        srcs = programs,
    )

# Holes that wait: see README.md. A test fails when one of them is mended and still stands here.
_OPEN = [
    "identity/cpu_count",
    "identity/host_paths",
    "resources/memory_file_bomb",
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
            "--open " + ",".join(_OPEN),
        ],
        data = [
            launcher,
            ":behaviours",
        ],
        tags = tags + ["no-sanitizer"],
        deps = [":report_main"],
    )
