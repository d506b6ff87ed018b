"""Text files as functions that return them: embed(name, header, texts = {"KitReadme": "kit_readme.txt"}) makes
<name>.cc; `header`, in the caller's folder, declares them: std::string_view KitReadme();"""

def embed(name, header, texts):
    labels = texts.values()
    command = "{ echo '#include \"%s/%s\"'; echo 'namespace farm {'; " % (native.package_name(), header)
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
