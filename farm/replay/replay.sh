#!/bin/bash
# Rebuilds a release from an unpacked kit, with Debian's own tools and no network, as an ordinary
# user with subordinate ids.
#   kit/replay.sh [--work DIR]     DIR: a new folder for everything that is made (2 GB or more)
# needs: mmdebstrap uidmap tar bubblewrap coreutils util-linux
# exit:  0 MATCH   20 MISMATCH   22 an input is missing or has another digest   21 cannot be tried here
# What it believes: that manifest.json and artifacts.txt are the release's (compare their digests, printed
# at the end, with what was published), and this file and assemble.sh, which you can read.
set -euo pipefail
umask 022
kit=$(cd "$(dirname "$0")" && pwd)
work=''
case ${1:-} in
  --work) work=${2:?--work needs a folder} ;;
  -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
  '') ;;
  *) echo "replay.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
esac

inconclusive() { echo "INCONCLUSIVE: $*"; exit 21; }
bad_input() { echo "BAD INPUT: $*"; exit 22; }
say() { echo "replay.sh: $*" >&2; }
digest_of() { sha256sum "$1" | cut -d' ' -f1; }
# Whether a text stands in manifest.json, which is canonical JSON on one line.
in_manifest() { grep -qF -e "$1" "$kit/manifest.json"; }
json() { # WORD as canonical JSON
  local text=$1
  text=${text//\\/\\\\} text=${text//\"/\\\"} text=${text//$'\n'/\\n} text=${text//$'\t'/\\t} text=${text//$'\r'/\\r}
  [[ $text != *[[:cntrl:]]* ]] || bad_input "actions.txt: a control character"
  printf '"%s"' "$text"
}
json_array() { # WORD...
  local word text=''
  for word in "$@"; do text+=,$(json "$word"); done
  printf '[%s]' "${text#,}"
}

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
while read -r name version architecture sha256 size file; do
  [ -r "$kit/packages/$file" ] || bad_input "packages/$file ($name $version) is missing"
  echo "$sha256  $kit/packages/$file"
done <"$kit/packages/packages.list" >"$work/sums"
for file in "$kit"/sources/*; do echo "$(basename "$file")  $file"; done >>"$work/sums"
sha256sum --check --quiet --strict "$work/sums" >&2 || bad_input "files with another digest are named above"
while read -r name version architecture sha256 size file; do
  grep -qF "\"$sha256\"" "$kit/lock.json" || bad_input "package $name $version is not in lock.json"
done <"$kit/packages/packages.list"
in_manifest "\"lock\":\"sha256:$(digest_of "$kit/lock.json")\"" || bad_input "manifest.json names another lock.json"
for file in "$kit"/sources/*; do
  in_manifest "\"sha256\":\"$(basename "$file")\"" || bad_input "sources/$(basename "$file") is not in manifest.json"
done

# ---- what to do ------------------------------------------------------------------------------------
confined() { # DIRECTORY WORD...: the command in the root, work folder at /build, no network
  local directory=$1
  shift
  bwrap --unshare-all --die-with-parent --new-session --cap-drop ALL --clearenv \
    --uid 1000 --gid 1000 --hostname sandbox \
    --ro-bind "$work/root" / --proc /proc --dev /dev --tmpfs /tmp --tmpfs /dev/shm \
    --bind "$work/build/current" /build "${variables[@]}" --chdir "/build/$directory" -- "$@"
}
place() { # FILE AT
  [ $act = execute ] || return 0
  mkdir -p "$(dirname "$work/build/current/$2")"
  cp "$1" "$work/build/current/$2"
  chmod u+w "$work/build/current/$2"
  touch -d "@$epoch" "$work/build/current/$2"
}
execute() {
  say "step $step"
  mkdir -p "$work/build/logs" "$work/build/outputs/$step" "$work/build/current"
  local log=$work/build/logs/$step output made
  if [ ${#prepare[@]} != 0 ]; then
    # The only words that manifest.json does not have: look at them.
    printf 'unpacking the sources:'; printf ' %q' "${prepare[@]}"; echo
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

# actions.txt: words are data, never a shell's text.  %xx stands for a byte, % alone for no byte.
decode() { # LINE -> words=()
  local word
  words=()
  for word in $1; do
    [[ $word =~ ^([A-Za-z0-9._/=+:,@~-]|%[0-9a-f]{2})*$|^%$ ]] || bad_input "actions.txt: not a word: $(printf %q "$word")"
    [ "$word" != % ] || word=''
    printf -v word '%b' "${word//%/\\x}"
    words+=("$word")
  done
}
step_name() { [[ $1 =~ ^[a-z0-9][a-z0-9+._-]*$ ]] && in_manifest "\"name\":$(json "$1")" || bad_input "actions.txt: step $(printf %q "$1") is not in manifest.json"; }
inside() { # a relative path that stays where it starts
  [[ -n $1 && $1 != /* && /$1/ != */../* && /$1/ != */./* && $1 != *$'\n'* ]] || bad_input "actions.txt: path $(printf %q "$1")"
}
sha256_name() { [[ $1 =~ ^[0-9a-f]{64}$ ]] || bad_input "actions.txt: not a digest: $(printf %q "$1")"; }
fixed_variables=" HOME=/nonexistent LC_ALL=C.UTF-8 TZ=UTC PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "
variable() { # NAME=VALUE
  local name=${1%%=*} value=${1#*=}
  [[ $fixed_variables == *" $1 "* ]] || { [ "$name" = SOURCE_DATE_EPOCH ] && in_manifest "\"sourceDateEpoch\":$value,"; } ||
    in_manifest "$(json "$name"):$(json "$value")" || bad_input "actions.txt: variable $(printf %q "$1") is not in manifest.json"
  variables+=(--setenv "$name" "$value")
}
# Reads actions.txt; checks every line against manifest.json, and with act=execute does what it says.
read_actions() {
  local key rest want steps=0 artifacts=0
  set -f # no word is a pattern
  while read -r key rest; do
    decode "$rest"
    set -- "${words[@]}"
    case $key in
      end) want=0 ;;
      step | epoch | variable | directory | output) want=1 ;;
      input) want=2 ;;
      from | artifact) want=3 ;;
      *) want=$#; [ $# -gt 0 ] || want=1 ;;
    esac
    [ $# = $want ] || bad_input "actions.txt: $(printf %q "$key") with $# words, not $want"
    case $key in
      step) step_name "$1"; step=$1 epoch=0 directory='' variables=() prepare=() run=() outputs=() ;;
      epoch) [[ $1 =~ ^[0-9]+$ ]] || bad_input "actions.txt: epoch $(printf %q "$1")"; epoch=$1 ;;
      input) inside "$1"; sha256_name "$2"; place "$kit/sources/$2" "$1" ;;
      from) inside "$1"; step_name "$2"; inside "$3"; place "$work/build/outputs/$2/$3" "$1" ;;
      variable) variable "$1" ;;
      prepare) prepare=("$@") ;;
      directory) [ -z "$1" ] || inside "$1"; in_manifest "\"directory\":$(json "$1")" || bad_input "actions.txt: directory $(printf %q "$1") is not in manifest.json"; directory=$1 ;;
      run) in_manifest "\"argv\":$(json_array "$@")" || bad_input "actions.txt: a command that is not in manifest.json"; run=("$@") ;;
      output) inside "$1"; outputs+=("$1") ;;
      end)
        in_manifest "\"outputs\":$(json_array "${outputs[@]}")" || bad_input "actions.txt: outputs of step $step that manifest.json does not have"
        steps=$((steps + 1))
        [ $act = check ] || execute
        ;;
      artifact)
        in_manifest "{\"name\":$(json "$3"),\"path\":$(json "$2"),\"step\":$(json "$1")}" || bad_input "actions.txt: artifact $(printf %q "$3") is not in manifest.json"
        step_name "$1"; inside "$2"; inside "$3"
        cut -c67- "$kit/artifacts.txt" | grep -qxF -e "$3" || bad_input "artifacts.txt does not have $(printf %q "$3")"
        artifacts=$((artifacts + 1))
        [ $act = check ] || cp "$work/build/outputs/$1/$2" "$work/artifacts/$3"
        ;;
      *) bad_input "actions.txt: unknown line $(printf %q "$key")" ;;
    esac
  done <"$kit/actions.txt"
  set +f
  [ $steps = "$(grep -oF '"argv":[' "$kit/manifest.json" | wc -l)" ] || bad_input "actions.txt has $steps steps, manifest.json another number"
  [ $artifacts -gt 0 ] && [ $artifacts = "$(wc -l <"$kit/artifacts.txt")" ] && [ $artifacts = "$(grep -oE '\{"name":"[^"]*","path":"' "$kit/manifest.json" | wc -l)" ] ||
    bad_input "actions.txt has $artifacts artifacts, artifacts.txt or manifest.json another number"
}

act=check
read_actions

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
act=execute
mkdir -p "$work/artifacts"
read_actions

# ---- verdict ----------------------------------------------------------------------------------------
equal=0 total=0
while read -r sha256 name; do
  total=$((total + 1))
  got=''
  inside "$name"
  [ ! -f "$work/artifacts/$name" ] || got=$(digest_of "$work/artifacts/$name")
  if [ "$got" = "$sha256" ]; then equal=$((equal + 1)); else echo "different: $name is $got, the release says $sha256"; fi
done <"$kit/artifacts.txt"
[ $total -gt 0 ] || bad_input "artifacts.txt is empty"
echo "manifest sha256:$(digest_of "$kit/manifest.json")   artifacts.txt sha256:$(digest_of "$kit/artifacts.txt")"
if [ $equal = $total ]; then
  echo "MATCH: $equal of $total artifacts rebuilt bit for bit (work: $work)"
else
  echo "MISMATCH: $equal of $total artifacts are equal (work: $work)"
  exit 20
fi
