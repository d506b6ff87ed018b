"""Repositories of this project: three stubs that Bazel 4.2.3 insists on, and Debian's system libraries."""

def _stub_repository_impl(ctx):
    for path, text in ctx.attr.files.items():
        ctx.file(path, text, executable = False)

_stub_repository = repository_rule(
    implementation = _stub_repository_impl,
    attrs = {"files": attr.string_dict()},
)

def _system_library_impl(ctx):
    """One cc_library named like the repository; flags from pkg-config and from the attributes."""
    defines, includes, linkopts = list(ctx.attr.defines), [], list(ctx.attr.linkopts)
    if ctx.attr.pkg_config:
        query = ["pkg-config", "--cflags", "--libs"] + ctx.attr.pkg_config
        result = ctx.execute(query)
        if result.return_code != 0:
            fail("apt-get install %s: %s" % (ctx.attr.debian, result.stderr))
        for flag in [f for f in result.stdout.strip().split(" ") if f]:
            if flag.startswith("-D"):
                defines.append(flag[2:])
            elif flag.startswith("-I"):
                includes.append("include%d" % len(includes))
                ctx.symlink(flag[2:], includes[-1])
            else:
                linkopts.append(flag)
    for header in ctx.attr.headers:
        if not ctx.path(header).exists:
            fail("apt-get install %s: no %s" % (ctx.attr.debian, header))
    ctx.file("BUILD", """cc_library(
    name = %r,
    hdrs = glob(["include*/**"], allow_empty = True),
    defines = %r,
    includes = %r,
    linkopts = %r,
    visibility = ["//visibility:public"],
)
""" % (ctx.name, defines, includes, linkopts), executable = False)

_system_library = repository_rule(
    implementation = _system_library_impl,
    attrs = {
        "debian": attr.string(mandatory = True),
        "pkg_config": attr.string_list(),
        "headers": attr.string_list(),
        "defines": attr.string_list(),
        "linkopts": attr.string_list(),
    },
    configure = True,
)

def _reexport(rules):
    return "".join(["%s = native.%s\n" % (rule, rule) for rule in rules])

def third_party_repositories():
    _stub_repository(name = "rules_cc", files = {"cc/BUILD": "", "cc/defs.bzl": _reexport([
        "cc_binary", "cc_import", "cc_library", "cc_proto_library", "cc_test", "cc_toolchain",
        "cc_toolchain_suite", "fdo_prefetch_hints", "fdo_profile", "objc_import", "objc_library",
    ]) + "def cc_flags_supplier(name, **kwargs):\n    pass\n" +
         "def compiler_flag(name, **kwargs):\n    pass\n"})
    _stub_repository(name = "rules_java", files = {"java/BUILD": "", "java/defs.bzl": _reexport([
        "java_binary", "java_import", "java_library", "java_proto_library", "java_runtime", "java_toolchain",
    ])})
    _stub_repository(name = "remote_coverage_tools", files = {
        "BUILD": "filegroup(name = 'coverage_report_generator', visibility = ['//visibility:public'])\n",
    })

    lib = _system_library
    lib(name = "grpc", debian = "libgrpc++-dev", pkg_config = ["grpc++", "protobuf"], linkopts = ["-lgrpc++_reflection"])
    lib(name = "protobuf", debian = "libprotobuf-dev", pkg_config = ["protobuf"])
    lib(name = "libarchive", debian = "libarchive-dev", pkg_config = ["libarchive"])
    lib(name = "openssl", debian = "libssl-dev", pkg_config = ["libssl", "libcrypto"])
    lib(name = "libseccomp_static", debian = "libseccomp-dev", headers = ["/usr/include/seccomp.h"], linkopts = ["-l:libseccomp.a"])
    lib(name = "expected", debian = "libexpected-dev", headers = ["/usr/include/tl/expected.hpp"])
    lib(name = "nlohmann_json", debian = "nlohmann-json3-dev", pkg_config = ["nlohmann_json"])
    lib(name = "cli11", debian = "libcli11-dev", pkg_config = ["CLI11"])
    lib(name = "spdlog", debian = "libspdlog-dev", pkg_config = ["spdlog"])
    lib(name = "sqlite", debian = "libsqlite3-dev", pkg_config = ["sqlite3"])
    lib(name = "libgit2", debian = "libgit2-dev", pkg_config = ["libgit2"])
    lib(name = "libcurl", debian = "libcurl4-openssl-dev", pkg_config = ["libcurl"])
    lib(name = "libmicrohttpd", debian = "libmicrohttpd-dev", pkg_config = ["libmicrohttpd"])
    # Declarations only: a token's own library is loaded at run time.
    lib(name = "pkcs11", debian = "libp11-kit-dev", headers = ["/usr/include/p11-kit-1/p11-kit/pkcs11.h"])
    lib(name = "gtest", debian = "libgmock-dev", pkg_config = ["gmock", "gtest"])
    lib(name = "gtest_main", debian = "libgmock-dev", pkg_config = ["gmock_main", "gmock", "gtest"])
