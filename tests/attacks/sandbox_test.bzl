"""sandbox_test: one test of the launcher, once for each way to start it."""

_MODES = ["root", "rootless", "monitor"]

def _test(name, launcher, mode, tags):
    native.cc_test(
        name = name if mode == "plain" else name + "_" + mode,
        size = "medium",
        data = [":hostile", launcher],
        env = {
            "HOSTILE": "$(rootpath :hostile)",
            "LAUNCHER": "$(rootpath %s)" % launcher,
            "SANDBOX_TEST_MODE": mode,
        },
        tags = tags + ["no-sanitizer"],
        deps = [":" + name + "_cases", "@gtest_main"],
    )

def sandbox_test(name, srcs, deps = [], modes = _MODES, plain = True):
    """name: in Bazel's own sandbox, whoever runs it. name_root, name_rootless, name_monitor: need root."""
    native.cc_library(
        name = name + "_cases",
        testonly = True,
        srcs = srcs,
        alwayslink = True,
        linkstatic = True,
        deps = deps + [":harness", "@gtest_main"],
    )
    if plain:
        _test(name, "//sandbox:farm-sandbox-for-tests", "plain", [])
    for mode in modes:
        _test(name, "//sandbox:farm-sandbox", mode, ["exclusive", "manual", "no-sandbox"])
