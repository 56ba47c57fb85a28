#!/usr/bin/env bash
# Makes what ./bazelw needs on a Debian-like machine without Bazel: a toolchain root and local copies of
# the dependencies (lib.sh says where). Does nothing, fast, once both are there. May be interrupted at any
# point and run again; two at once wait for each other.
set -euo pipefail
# shellcheck source=tools/toolchain/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [[ -d ${root} && -d ${deps} ]]; then exit 0; fi

readonly needed_megabytes=6000
readonly log=${cache}/setup.log

# Runs a command with its output in the log; says where to read it when it fails.
logged() {
  if ! "$@" >> "${log}" 2>&1; then
    tail -n 5 "${log}" >&2
    die "failed: ${1##*/} (whole output: ${log})"
  fi
}

check_machine() {
  [[ ${cache} != /tmp/* ]] \
    || die "the cache ${cache} must not be below /tmp, which Bazel's sandbox hides: set XDG_CACHE_HOME elsewhere"
  mkdir -p "${cache}" || die "cannot write to ${cache}: set XDG_CACHE_HOME to a folder of yours"
  local free
  free=$(df -Pm "${cache}" | awk 'NR == 2 { print $4 }')
  if [[ ! -d ${root} ]] && ((free < needed_megabytes)); then
    die "${cache} has ${free} MB free, the toolchain needs ${needed_megabytes}: make room, or set XDG_CACHE_HOME"
  fi
}

# Installs the few tools that the steps below use, if apt may; otherwise says what to install.
need_tools() {
  local packages=() tool
  for tool in mmdebstrap:mmdebstrap bwrap:bubblewrap patch:patch xz:xz-utils; do
    command -v "${tool%%:*}" > /dev/null || packages+=("${tool##*:}")
  done
  ((${#packages[@]})) || return 0
  command -v apt-get > /dev/null \
    || die "needs ${packages[*]}, and this is no Debian-like machine: install bazelisk and set LOOKOUT_BAZEL=system"
  ((EUID == 0)) || die "needs ${packages[*]}: sudo apt-get install ${packages[*]}"
  say "installing ${packages[*]}"
  logged apt-get update
  logged env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}"
}

# The Debian mirror that this machine's own apt uses.
mirror() {
  local site=${LOOKOUT_MIRROR:-}
  if [[ -z ${site} ]]; then
    # shellcheck disable=SC2016  # apt's placeholders
    site=$(apt-get indextargets --format '$(SITE) $(COMPONENT) $(CREATED_BY)' \
      | awk '$2 == "main" && $3 == "Packages" && $1 !~ /security/ { print $1; exit }')
  fi
  [[ -n ${site} ]] || die "apt knows no Debian mirror: set LOOKOUT_MIRROR to the address of one, or fix /etc/apt"
  echo "${site%/}"
}

make_root() {
  [[ ! -d ${root} ]] || return 0
  ((EUID == 0)) || die "making the toolchain root needs root once: run this command with sudo -E, or install bazelisk"
  say "1/3 toolchain root: Debian forky with GCC, clang and Bazel (2 GB, about 2 minutes)"
  rm -rf "${root}.partial"
  local packages
  packages=$(grep -v '^#' "${toolchain_dir}/packages.txt" | paste -sd,)
  # The Release file of a mirror that lags may be past its date; its signature is checked all the same.
  logged mmdebstrap --variant=apt --aptopt='Acquire::Check-Valid-Until "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --include="${packages}" forky "${root}.partial" "$(mirror)"
  # The JDK's settings are links into /etc, which stays the host's: put the files where they are read.
  find "${root}.partial"/usr/lib/jvm -lname '/etc/java-*' -print0 | while IFS= read -r -d '' link; do
    local target
    target=${root}.partial$(readlink "${link}")
    rm "${link}" && cp -rL "${target}" "${link}"
  done
  mv "${root}.partial" "${root}"
}

# Downloads the archives of sources.lock into ${cache}/archives, each checked by its hash.
fetch_sources() {
  [[ ! -d ${deps} ]] || return 0
  local package file hash _ archive
  say "2/3 sources of the dependencies"
  mkdir -p "${cache}/archives"
  while read -r package file hash _; do
    archive=${cache}/archives/${file}
    if ! sha256sum --status -c <<< "${hash}  ${archive}" 2> /dev/null; then
      rm -f "${archive}"
      logged /usr/lib/apt/apt-helper download-file \
        "$(mirror)/pool/main/${package:0:1}/${package}/${file}" "${archive}" "SHA256:${hash}"
    fi
  done < <(grep -v '^#' "${toolchain_dir}/sources.lock")
}

make_deps() {
  [[ ! -d ${deps} ]] || return 0
  say "3/3 dependencies"
  rm -rf "${deps}.partial"
  mkdir -p "${deps}.partial"
  logged "${toolchain_dir}/make_deps.sh" "${deps}.partial"
  mv "${deps}.partial" "${deps}"
}

check_machine
exec 9> "${cache}/lock"
if ! flock -n 9; then
  say "another set-up is at work; waiting for it"
  flock 9
fi
: > "${log}"
need_tools
make_root
fetch_sources
make_deps
say "toolchain ready in ${cache}"
