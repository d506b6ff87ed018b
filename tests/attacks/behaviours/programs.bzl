"""programs: one static program for each hostile behaviour of a folder, and all of them as one target."""

def programs(name):
    """name: all programs. Each file NAME.cc of the folder is the program NAME."""
    names = [src[:-len(".cc")] for src in native.glob(["*.cc"])]
    for program in names:
        native.cc_binary(
            name = program,
            testonly = True,
            srcs = [program + ".cc"],
            features = ["fully_static_link"],
            linkopts = ["-s"],
            linkstatic = True,
            tags = ["no-sanitizer"],
            deps = ["//tests/attacks:send_descriptors", "//tests/attacks/behaviours:behaviour"],
        )
    native.filegroup(
        name = name,
        testonly = True,
        srcs = names,
        visibility = ["//tests/attacks:__subpackages__"],
    )
