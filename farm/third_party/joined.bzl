"""A library whose sources are compiled several at a time: most of the time of one goes to the headers that all read."""

_TOGETHER_MAX = 6

# gcc takes an included source for a header, whose types would meet in several objects.
_PROLOGUE = """#ifndef __clang__
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif
"""

def _joined_source_impl(ctx):
    includes = ["#include \"%s\"\n" % source.short_path for source in ctx.files.sources]
    ctx.actions.write(ctx.outputs.out, _PROLOGUE + "".join(includes))

_joined_source = rule(
    implementation = _joined_source_impl,
    attrs = {
        "sources": attr.label_list(allow_files = [".cc"], mandatory = True),
        "out": attr.output(mandatory = True),
    },
)

def joined_library(name, srcs, holes = None, **kwargs):
    """As cc_library.  With --define=sources=apart each source is compiled by itself, for tools that read them so.

    The sources share one namespace without a name: no two may give the same name there to different things.
    holes: a macro; then NAME-with-holes is the same for tests alone, with holes.h and holes.cc and that macro defined.
    """
    sources = [source for source in srcs if source.endswith(".cc")]
    headers = [source for source in srcs if not source.endswith(".cc")]
    count = (len(sources) + _TOGETHER_MAX - 1) // _TOGETHER_MAX
    joined = ["%s_%d.joined.cc" % (name, part) for part in range(count)]
    for part in range(count):
        _joined_source(
            name = "%s_%d" % (name, part),
            sources = sources[part * len(sources) // count:(part + 1) * len(sources) // count],
            out = joined[part],
        )
    native.cc_library(
        name = name,
        srcs = headers + select({
            "//farm/third_party:apart": sources,
            "//conditions:default": joined,
        }),
        textual_hdrs = select({
            "//farm/third_party:apart": [],
            "//conditions:default": sources,
        }),
        **kwargs
    )
    if holes:
        hdrs = kwargs.pop("hdrs", [])
        kwargs.pop("visibility", None)
        native.cc_library(
            name = name + "-with-holes",
            testonly = True,
            srcs = joined + ["holes.cc"],
            hdrs = hdrs + headers + ["holes.h"],
            textual_hdrs = sources,
            defines = [holes],
            tags = ["no-sanitizer"],
            visibility = ["//%s:__pkg__" % native.package_name(), "//tests:__subpackages__"],
            **kwargs
        )
