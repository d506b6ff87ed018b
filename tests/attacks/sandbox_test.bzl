"""sandbox_test: one test of the launcher, once for each way to start it."""

_MODES = ["root", "rootless", "monitor"]

def _test(name, launcher, hostile, product, mode, tags):
    native.cc_test(
        name = name if mode == "plain" else name + "_" + mode,
        size = "medium",
        data = [hostile, launcher] + ([product] if product else []),
        env = {
            "HOSTILE": "$(rootpath %s)" % hostile,
            "LAUNCHER": "$(rootpath %s)" % launcher,
            "PRODUCT": "$(rootpath %s)" % product if product else "",
            "SANDBOX_TEST_MODE": mode,
        },
        tags = tags + ["no-sanitizer"],
        deps = [":" + name + "_cases", "@gtest_main"],
    )

def sandbox_test(name, srcs, deps = [], modes = _MODES, plain = True, hostile = "//tests/attacks:hostile", launcher = None, product = None, slow = []):
    """name: in Bazel's own sandbox, whoever runs it. name_root, name_rootless, name_monitor: need root.

    hostile: the program inside. launcher: one in place of the product and its test twin. product: for tests
    that look at it. slow: the modes that CI does not run.
    """
    native.cc_library(
        name = name + "_cases",
        testonly = True,
        srcs = srcs,
        alwayslink = True,
        linkstatic = True,
        deps = deps + ["//tests/attacks:harness", "@gtest_main"],
    )
    if plain:
        _test(name, launcher or "//sandbox:farm-sandbox-for-tests", hostile, product, "plain", [])
    for mode in modes:
        tags = ["exclusive", "manual", "no-sandbox"] + (["slow"] if mode in slow else [])
        _test(name, launcher or "//sandbox:farm-sandbox", hostile, product, mode, tags)
