"""sandbox_test: one test of the launcher, once for each way to start it."""

_MODES = ["root", "rootless", "monitor"]

def sandbox_test(name, srcs, deps = [], modes = _MODES, plain = True):
    """name: in Bazel's own sandbox, whoever runs it. name_root, name_rootless, name_monitor: need root."""
    if plain:
        native.cc_test(
            name = name,
            size = "medium",
            srcs = srcs,
            data = [":hostile", "//sandbox:farm-sandbox-for-tests"],
            env = {
                "HOSTILE": "$(rootpath :hostile)",
                "LAUNCHER": "$(rootpath //sandbox:farm-sandbox-for-tests)",
            },
            tags = ["no-sanitizer"],
            deps = deps + [":harness", "@gtest_main"],
        )
    for mode in modes:
        native.cc_test(
            name = name + "_" + mode,
            size = "medium",
            srcs = srcs,
            data = [":hostile", "//sandbox:farm-sandbox"],
            env = {
                "HOSTILE": "$(rootpath :hostile)",
                "LAUNCHER": "$(rootpath //sandbox:farm-sandbox)",
                "SANDBOX_TEST_MODE": mode,
            },
            tags = ["exclusive", "manual", "no-sandbox", "no-sanitizer"],
            deps = deps + [":harness", "@gtest_main"],
        )
