"""System headers that nearly every file reads, compiled once by clang: a third of the time of each file."""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "CPP_COMPILE_ACTION_NAME")
load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")

def _command_line(ctx, toolchain, features, out):
    variables = cc_common.create_compile_variables(
        feature_configuration = features,
        cc_toolchain = toolchain,
        source_file = "-",
        output_file = out.path,
        user_compile_flags = ctx.fragments.cpp.copts + ctx.fragments.cpp.cxxopts + ctx.attr.copts +
                             ["-fpch-instantiate-templates", "-Xclang", "-fno-pch-timestamp"],
        use_pic = True,
    )
    return cc_common.get_memory_inefficient_command_line(
        feature_configuration = features,
        action_name = CPP_COMPILE_ACTION_NAME,
        variables = variables,
    )

def _precompiled_header_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".pch")
    toolchain = find_cpp_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = toolchain,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features + ["dependency_file"],
    )

    # From standard input: clang keeps the path of a file, which lies in a sandbox that is gone when it is read.
    ctx.actions.run_shell(
        command = "compiler=$1 text=$2; shift 2; printf '%s' \"$text\" | \"$compiler\" -x c++-header \"$@\"",
        arguments = [
            cc_common.get_tool_for_action(feature_configuration = features, action_name = CPP_COMPILE_ACTION_NAME),
            "".join(["#include <%s>\n" % header for header in ctx.attr.system_headers]),
        ] + _command_line(ctx, toolchain, features, out),
        inputs = toolchain.all_files,
        outputs = [out],
        mnemonic = "PrecompileHeader",
    )
    return [CcInfo(compilation_context = cc_common.create_compilation_context(headers = depset([out])))]

# Makes <name>.pch.  What depends on it may be compiled with -include-pch and its path, under the very flags of
# the configuration and `copts`; .bazelrc says which files are.
precompiled_header = rule(
    implementation = _precompiled_header_impl,
    attrs = {
        "system_headers": attr.string_list(mandatory = True),
        "copts": attr.string_list(),
        "_cc_toolchain": attr.label(default = "@bazel_tools//tools/cpp:current_cc_toolchain"),
    },
    fragments = ["cpp"],
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
)
