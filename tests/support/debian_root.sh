#!/bin/bash
# For scripts that source it: a root of Debian packages, assembled in the sandbox without a network.
# They set $launcher (farm-sandbox), are root, and have a Debian mirror in /etc/apt.

readonly debian_subids=1234560000:65536 debian_epoch=1700000000

# fetch_packages FOLDER [--source=NAME]... [--published=NAME]... NAME...: the packages, what they need, and ?essential,
# as a flat repository in FOLDER/repo; a source's files in FOLDER/source/NAME; what Debian itself built in
# FOLDER/published.
fetch_packages() {
  local folder=$1 sources=() published=() name
  shift
  while :; do
    case $1 in
      --source=*) sources+=("${1#*=}") ;;
      --published=*) published+=("${1#*=}") ;;
      *) break ;;
    esac
    shift
  done
  mkdir -p "$folder"/{parts,lists/partial,cache/archives/partial,repo,source,published}
  : >"$folder/status"
  # The machine's own Debian entries, sources included.
  sed -E 's/^Types:.*/Types: deb deb-src/' /etc/apt/sources.list.d/debian.sources >"$folder/parts/debian.sources"
  cat >"$folder/apt.conf" <<EOF
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$folder/parts";
Dir::State::lists "$folder/lists";
Dir::State::status "$folder/status";
Dir::Cache "$folder/cache";
APT::Sandbox::User "root";
EOF
  (
    export APT_CONFIG=$folder/apt.conf
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends --download-only '?essential' apt "$@" >/dev/null
    for name in "${sources[@]}"; do
      mkdir "$folder/source/$name"
      (cd "$folder/source/$name" && apt-get source -qq --download-only "$name")
    done
    [ ${#published[@]} = 0 ] || (cd "$folder/published" && apt-get download -qq "${published[@]}")
  )
  mv "$folder"/cache/archives/*.deb "$folder/repo/"
  rm -rf "$folder/cache" "$folder/lists"
  (cd "$folder/repo" && dpkg-scanpackages . >Packages 2>/dev/null)
  printf 'Suite: bookworm\nCodename: bookworm\n' >"$folder/repo/Release"
}

# build_package SOURCE FOLDER LAUNCHER-WORDS...: the packages of the source package in folder SOURCE, into FOLDER;
# what it printed is in FOLDER.log.  LAUNCHER-WORDS start the launcher up to and with its root.
build_package() {
  local source=$1 folder=$2 words=() dsc package version word
  shift 2
  dsc=$(cd "$source" && echo *.dsc)
  version=$(sed -nE 's/^Version: ([0-9]+:)?//p' "$source/$dsc")
  for word in dpkg-source -x --no-check "$dsc" tree; do words+=(--prepare-word "$word"); done
  while read -r package arch; do
    [ "$arch" = all ] || arch=amd64
    words+=(--output "/build/${package}_${version}_$arch.deb")
  done < <(sed -nE '/^Package-List:/,/^Files:/s/^ ([^ ]+) deb .* arch=([^ ]+).*/\1 \2/p' "$source/$dsc")
  input_words "$source" '' >"$folder.words"
  "$@" --args-fd 9 "${words[@]}" --cwd /build/tree --output-dir "$folder" \
    --env PATH=/usr/sbin:/usr/bin:/sbin:/bin --env LC_ALL=C.UTF-8 --env TZ=UTC \
    --env HOME=/nonexistent --env "DEB_BUILD_OPTIONS=${build_options:-parallel=1}" -- \
    dpkg-buildpackage -us -uc -b 9<"$folder.words" >"$folder.log" 2>"$folder.result" ||
    { tail -n 20 "$folder.log" "$folder.result"; return 1; }
}

# The words of a run that puts the files of $1 into /build/$2, each ended by a NUL.
input_words() {
  local file
  for file in "$1"/*; do
    printf '%s\0' --input "$file" "/build$2/${file##*/}" 644 $debian_epoch
  done
}

debian_tools=(--profile assembly --uid 0 --gid 0 --env PATH=/usr/sbin:/usr/bin:/sbin:/bin
  --env SOURCE_DATE_EPOCH=$debian_epoch --env LC_ALL=C.UTF-8 --memory-bytes 8000000000)

# assemble_root REPOSITORY FOLDER LAUNCHER-WORDS...: FOLDER/root.tar of all packages of the repository.
# By apt, in its order: some packages of TeX cannot be configured in one go with what they need.
# LAUNCHER-WORDS start the launcher up to and with its `run` and whatever says who it is.
assemble_root() {
  local repository=$1 folder=$2 names
  shift 2
  names=$(sed -n 's/^Package: //p' "$repository/Packages" | paste -sd,)
  mkdir -m 0777 "$folder"
  chmod 0777 "$folder"
  input_words "$repository" /repo >"$folder.words"
  "$@" --args-fd 9 "${debian_tools[@]}" --work "$folder" -- mmdebstrap --mode=root --variant=apt \
    --include="$names" bookworm root.tar 'deb [trusted=yes] copy:///build/repo ./' \
    9<"$folder.words" >"$folder.log" 2>"$folder.result" || { tail -n 20 "$folder.log" "$folder.result"; return 1; }
}

# unpack_root TAR FOLDER IMAGE-FOLDER: FOLDER/root, whose owners are $debian_subids, and IMAGE-FOLDER/root.erofs;
# with a user 1000, for programs that ask who they are.
unpack_root() {
  mkdir -m 0777 "$2" "$3"
  chmod 0777 "$2"
  # shellcheck disable=SC2154
  "$launcher" run --subids $debian_subids "${debian_tools[@]}" --work "$2" --bind-ro "$1" /build/root.tar \
    --output /build/root.erofs --output-dir "$3" --disk-bytes 0 --output-bytes 0 -- /bin/sh -c \
    'set -e; mkdir root; tar -C root --numeric-owner --exclude="./dev/*" -xf root.tar
     echo "user:x:1000:1000::/build:/bin/sh" >>root/etc/passwd
     mkdir -p root/build; mkfs.erofs -d0 -T1700000000 root.erofs root >/dev/null' >"$3.log" 2>&1 ||
    { tail -c 2000 "$3.log"; return 1; }
}
