#!/bin/bash
# Rebuilds a release from an unpacked kit, with Debian's own tools and no network, as an ordinary
# user with subordinate ids.
#   kit/replay.sh [--work DIR]     DIR: a new folder for everything that is made (2 GB or more)
#   kit/replay.sh --plan           only prints what it would do; words have %xx for unusual bytes
# needs: mmdebstrap (which brings python3) uidmap tar bubblewrap coreutils util-linux
# exit:  0 MATCH   20 MISMATCH   22 an input is missing or has another digest   21 cannot be tried here
# What it believes: that manifest.json and artifacts.txt are the release's (compare their digests, printed
# at the end, with what was published), and this file and assemble.sh, which you can read.
set -euo pipefail
umask 022
kit=$(cd "$(dirname "$0")" && pwd)
work='' only_plan=0
case ${1:-} in
  --work) work=${2:?--work needs a folder} ;;
  --plan) only_plan=1 ;;
  -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
  '') ;;
  *) echo "replay.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
esac

inconclusive() { echo "INCONCLUSIVE: $*"; exit 21; }
bad_input() { echo "BAD INPUT: $*"; exit 22; }
say() { echo "replay.sh: $*" >&2; }
digest_of() { sha256sum "$1" | cut -d' ' -f1; }

# ---- what to do -------------------------------------------------------------------------------------
# manifest.json, from which everything here follows, as one line a fact:
#   lock DIGEST          step NAME            input AT SHA256      from AT STEP PATH    epoch SECONDS
#   variable NAME=VALUE  prepare WORD...      directory PATH       run WORD...          output PATH
#   end                  artifact STEP PATH NAME
# Words are data, never a shell's text: %xx stands for a byte that is not plain, % alone for no byte.
plan() {
  python3 -I - "$kit/manifest.json" <<'EOF'
import json, re, sys

sys.tracebacklimit = 0


def once(pairs):
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a field stands twice")
    return dict(pairs)


def word(text):
    return re.sub(rb"[^A-Za-z0-9._/=+:,@~-]", lambda byte: b"%%%02x" % byte[0][0], text.encode()).decode() or "%"


def line(key, *words):
    print(key, *map(word, words))


def matching(pattern, text):
    if not re.fullmatch(pattern, text):
        raise ValueError("%r is not what may stand there" % text)
    return text


def name(text):
    return matching(r"[a-z0-9][a-z0-9+._-]*", text)


def inside(path):  # relative, stays where it starts, harmless between a shell's quotes
    if {".", ".."} & set(path.split("/")):
        raise ValueError("path %r leads elsewhere" % path)
    return matching(r"[^/'\x00-\x1f\x7f]+(/[^/'\x00-\x1f\x7f]+)*", path)


def raw(source, file):
    return inside("inputs/%s/%s" % (name(source["name"]), file["name"]))


def unpack(source, at):  # as farm-plan/1 says it
    first, parent = raw(source, source["files"][0]), at.rpartition("/")[0]
    if source["kind"] == "debian":
        made = "mkdir -p '/build/%s'\n" % parent if parent else ""
        return made + "dpkg-source --no-check --no-copy -x '/build/%s' '/build/%s'\n" % (first, at)
    strip = " --strip-components=1" if source["kind"] == "archive" else ""
    tar = "tar --no-same-owner --no-same-permissions -xf '/build/%s'%s -C '/build/%s'\n" % (first, strip, at)
    return "mkdir -p '/build/%s'\n" % at + tar


manifest = json.load(open(sys.argv[1], encoding="utf-8"), object_pairs_hook=once)
if manifest["format"] != "farm-manifest/1":
    raise ValueError("not a farm-manifest/1")
line("lock", matching(r"sha256:[0-9a-f]{64}", manifest["toolchain"]["lock"]))
epoch = str(int(manifest["sourceDateEpoch"]))
sources = {source["name"]: source for source in manifest["sources"]}
steps = set()
for step in manifest["steps"]:
    line("step", name(step["name"]))
    line("epoch", epoch)
    if step["determinism"] != "off":
        raise ValueError("step %s wants a determinism level, which this script cannot give" % step["name"])
    placed = sorted((inside(one["at"]), name(one["source"])) for one in step["inputs"] if "source" in one)
    for source in sorted({source for _, source in placed}):
        for file in sources[source]["files"]:
            line("input", raw(sources[source], file), matching(r"[0-9a-f]{64}", file["sha256"]))
    for one in step["inputs"]:
        if "source" not in one:
            if one["step"] not in steps:
                raise ValueError("step %s takes from %s, which is no earlier step" % (step["name"], one["step"]))
            line("from", inside(one["at"]), one["step"], inside(one["path"]))
    environment = {"HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "TZ": "UTC",
                   "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                   **step["environment"], "SOURCE_DATE_EPOCH": epoch}
    for variable in sorted(environment):
        line("variable", matching(r"[A-Za-z_][A-Za-z0-9_]*", variable) + "=" + environment[variable])
    if placed:
        line("prepare", "/bin/sh", "-e", "-c", "".join(unpack(sources[source], at) for at, source in placed))
    line("directory", step["directory"] and inside(step["directory"]))
    line("run", *step["argv"])
    for output in sorted(step["outputs"]):
        line("output", inside(output))
    line("end")
    steps.add(step["name"])
for artifact in sorted(manifest["artifacts"], key=lambda one: one["name"]):
    if artifact["step"] not in steps or "/" in artifact["name"]:
        raise ValueError("artifact %r" % artifact["name"])
    line("artifact", artifact["step"], inside(artifact["path"]), inside(artifact["name"]))
EOF
}
command -v python3 >/dev/null || inconclusive "python3 is not installed: apt-get install mmdebstrap, which brings it"
actions=$(plan) || bad_input "manifest.json cannot be followed (see above)"
[ $only_plan = 0 ] || { printf '%s\n' "$actions"; exit 0; }

for tool in mmdebstrap newuidmap tar bwrap sha256sum unshare; do
  command -v $tool >/dev/null || PATH=$PATH:/usr/sbin command -v $tool >/dev/null ||
    inconclusive "$tool is not installed: apt-get install mmdebstrap uidmap tar bubblewrap coreutils util-linux"
done
[ -n "$work" ] || work=$(mktemp -d "${TMPDIR:-/var/tmp}/replay.XXXXXX")
mkdir -p "$work/out" "$work/build"
# The assembler's folders must be open to the subordinate ids.
chmod 0755 "$work"

# ---- inputs -----------------------------------------------------------------------------------------
say "checking packages and sources"
: >"$work/sums"
# In each list a last line without a line break is a line too, as cut and sort have it.
while read -r name version architecture sha256 size file || [ -n "$name" ]; do
  [ -r "$kit/packages/$file" ] || bad_input "packages/$file ($name $version) is missing"
  echo "$sha256  $kit/packages/$file" >>"$work/sums"
done <"$kit/packages/packages.list"
for file in "$kit"/sources/*; do echo "$(basename "$file")  $file"; done >>"$work/sums"
sha256sum --check --quiet --strict "$work/sums" >&2 || bad_input "files with another digest are named above"
while read -r name version architecture sha256 size file || [ -n "$name" ]; do
  grep -qF "\"$sha256\"" "$kit/lock.json" || bad_input "package $name $version is not in lock.json"
done <"$kit/packages/packages.list"
grep -qxF "lock sha256:$(digest_of "$kit/lock.json")" <<<"$actions" || bad_input "manifest.json names another lock.json"
while read -r key at sha256; do
  [ "$key" != input ] || [ -r "$kit/sources/$sha256" ] || bad_input "sources/$sha256 ($at) is missing"
done <<<"$actions"
names=$(sed -nE 's/^artifact [^ ]+ [^ ]+ //p' <<<"$actions" | while read -r word; do printf '%b\n' "${word//%/\\x}"; done | sort)
[ -n "$names" ] && [ "$names" = "$(cut -c67- "$kit/artifacts.txt" | sort)" ] ||
  bad_input "artifacts.txt does not have the artifacts of manifest.json"

# ---- how a step runs ----------------------------------------------------------------------------------
confined() { # DIRECTORY WORD...: the command in the root, work folder at /build, no network
  local directory=$1
  shift
  bwrap --unshare-all --die-with-parent --new-session --cap-drop ALL --clearenv \
    --uid 1000 --gid 1000 --hostname sandbox \
    --ro-bind "$work/root" / --proc /proc --dev /dev --tmpfs /tmp --tmpfs /dev/shm \
    --bind "$work/build/current" /build "${variables[@]}" --chdir "/build/$directory" -- "$@"
}
place() { # FILE AT
  mkdir -p "$(dirname "$work/build/current/$2")"
  cp "$1" "$work/build/current/$2"
  chmod u+w "$work/build/current/$2"
  touch -d "@$epoch" "$work/build/current/$2"
}
run_step() {
  say "step $step"
  mkdir -p "$work/build/logs" "$work/build/outputs/$step" "$work/build/current"
  local log=$work/build/logs/$step output made
  if [ ${#prepare[@]} != 0 ]; then
    confined '' "${prepare[@]}" >"$log" 2>&1 </dev/null || { tail -20 "$log" >&2; inconclusive "step $step: the sources could not be unpacked"; }
  fi
  if ! confined "$directory" "${run[@]}" >>"$log" 2>&1 </dev/null; then
    tail -20 "$log" >&2
    echo "MISMATCH: step $step fails here (log: $log)"
    exit 20
  fi
  for output in "${outputs[@]}"; do
    # Not through a link: the build may have made one that leads out.
    made=$(realpath -e "$work/build/current/$output" 2>/dev/null) || made=''
    [ "$made" = "$(realpath "$work/build/current")/$output" ] && [ -f "$made" ] || { echo "MISMATCH: step $step did not make $output"; exit 20; }
    mkdir -p "$(dirname "$work/build/outputs/$step/$output")"
    cp -p "$made" "$work/build/outputs/$step/$output"
  done
  in_namespaces rm -rf "$work/build/current"
}
decode() { # LINE -> words=()
  local word
  words=()
  for word in $1; do
    [ "$word" != % ] || word=''
    printf -v word '%b' "${word//%/\\x}"
    words+=("$word")
  done
}
run_actions() {
  local key rest
  set -f # no word is a pattern
  while read -r key rest; do
    decode "$rest"
    set -- "${words[@]}"
    case $key in
      step) step=$1 epoch=0 directory='' variables=() prepare=() run=() outputs=() ;;
      epoch) epoch=$1 ;;
      input) place "$kit/sources/$2" "$1" ;;
      from) place "$work/build/outputs/$2/$3" "$1" ;;
      variable) variables+=(--setenv "${1%%=*}" "${1#*=}") ;;
      prepare) prepare=("$@") ;;
      directory) directory=$1 ;;
      run) run=("$@") ;;
      output) outputs+=("$1") ;;
      end) run_step ;;
      artifact) cp "$work/build/outputs/$1/$2" "$work/artifacts/$3" ;;
    esac
  done <<<"$actions"
  set +f
}

# ---- root file system -------------------------------------------------------------------------------
field() { grep -oE "\"$1\":\"?[^\",}]+" "$kit/lock.json" | head -1 | sed -E 's/^[^:]*:"?//'; }
in_namespaces() { # mapped root, no network; /proc is that of the new process ids, in which bwrap looks for its children
  unshare --user --map-root-user --map-auto --net --mount --mount-proc --pid --ipc --fork --kill-child -- "$@"
}
sealed() { # in_namespaces, where nothing but $work/out can be written: packages' scripts run in it
  in_namespaces bwrap --die-with-parent --ro-bind / / --dev-bind /dev /dev --proc /proc --tmpfs /tmp --ro-bind "$work" "$work" --bind "$work/out" "$work/out" -- "$@"
}
say "assembling the root file system ($(wc -l <"$kit/packages/packages.list") packages)"
# Copied, so that subordinate ids can read them wherever the kit lies.
mkdir -p "$work/repository"
cp "$kit/packages/"* "$work/repository/"
cp "$kit/assemble.sh" "$work/assemble.sh"
chmod -R a+rX "$work/repository"
path=$(dirname "$work")
while [ "$path" != / ]; do
  [ -n "$(find "$path" -maxdepth 0 -perm -o+x)" ] ||
    inconclusive "subordinate ids may not enter $path; choose another --work below /var/tmp"
  path=$(dirname "$path")
done
in_namespaces true 2>/dev/null || inconclusive "no user namespace with subordinate ids: install uidmap and give $(id -un) a range in /etc/subuid and /etc/subgid"
sealed /bin/bash "$work/assemble.sh" "$work/repository" "$work/out" "$(field suite)" "$(field architecture)" "$(field sourceDateEpoch)" tar >&2 || inconclusive "the root could not be assembled (see above)"
root_tar=sha256:$(digest_of "$work/out/root.tar")
want=$(grep -oE '"rootTar":"sha256:[0-9a-f]{64}"' "$kit/lock.json" | cut -d'"' -f4)
[ "$root_tar" = "$want" ] || inconclusive "the root came out as $root_tar, lock.json says $want: this machine's mmdebstrap, apt, dpkg or tar differs from assembler 1's"
say "root $root_tar, as lock.json says"
mkdir -p "$work/root"
in_namespaces tar --extract --file="$work/out/root.tar" --directory="$work/root" --numeric-owner --same-permissions --exclude='./dev/*'
rm -rf "$work/repository"

# ---- build -----------------------------------------------------------------------------------------
mkdir -p "$work/artifacts"
run_actions

# ---- verdict ----------------------------------------------------------------------------------------
equal=0 total=0
while read -r sha256 name || [ -n "$sha256" ]; do
  total=$((total + 1))
  got=''
  [ ! -f "$work/artifacts/$name" ] || got=$(digest_of "$work/artifacts/$name")
  if [ "$got" = "$sha256" ]; then equal=$((equal + 1)); else echo "different: $name is $got, the release says $sha256"; fi
done <"$kit/artifacts.txt"
want=$(grep -c '^artifact ' <<<"$actions")
[ "$total" = "$want" ] || bad_input "artifacts.txt has $total artifacts, manifest.json $want"
echo "manifest sha256:$(digest_of "$kit/manifest.json")   artifacts.txt sha256:$(digest_of "$kit/artifacts.txt")"
if [ $equal = $total ]; then
  echo "MATCH: $equal of $total artifacts rebuilt bit for bit (work: $work)"
else
  echo "MISMATCH: $equal of $total artifacts are equal (work: $work)"
  exit 20
fi
