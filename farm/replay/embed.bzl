"""Text files as functions that return them: embed(name, texts = {"KitReadme": "kit_readme.txt"})."""

def embed(name, header, texts):
    labels = texts.values()
    command = "{ echo '#include \"farm/replay/%s\"'; echo 'namespace farm {'; " % header
    for function, label in texts.items():
        command += ("echo 'std::string_view %s() { static constexpr char kText[] ='; " % function +
                    "sed -e 's/\\\\/\\\\\\\\/g' -e 's/\"/\\\\\"/g' -e 's/^/\"/' -e 's/$$/\\\\n\"/' $(location %s); " % label +
                    "echo '; return std::string_view(kText, sizeof kText - 1); }'; ")
    command += "echo '}'; } >$@"
    native.genrule(
        name = name + "_source",
        srcs = labels,
        outs = [name + ".cc"],
        cmd = command,
    )
