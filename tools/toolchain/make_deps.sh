#!/usr/bin/env bash
# make_deps.sh DIR: fills DIR with the dependencies as Bazel modules and repositories, and with the rc file
# that points Bazel at them. Called by setup.sh, which renames DIR to its place when it is whole.
set -euo pipefail
# shellcheck source=tools/toolchain/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
readonly out=$1
readonly overlays=${workspace}/third_party
readonly debian_bazel=/usr/share/bazel # as seen by Bazel, that is, inside the root

# unpack PACKAGE NAME: the archive of PACKAGE in sources.lock, as DIR/NAME.
unpack() {
  local package file hash inside
  while read -r package file hash inside; do
    [[ ${package} == "$1" ]] || continue
    echo "${hash}  ${cache}/archives/${file}" | sha256sum --quiet -c -
    mkdir -p "${out}/unpack"
    tar -xf "${cache}/archives/${file}" -C "${out}/unpack"
    mv "${out}/unpack/${inside}" "${out}/$2"
    rmdir "${out}/unpack"
  done < "${toolchain_dir}/sources.lock"
}

# module_file NAME VERSION [DEP VERSION]...: a MODULE.bazel, with an empty WORKSPACE beside it.
module_file() {
  local dir=${out}/$1
  mkdir -p "${dir}"
  printf 'module(name = "%s", version = "%s")\n' "$1" "$2" > "${dir}/MODULE.bazel"
  : > "${dir}/WORKSPACE"
  local name=$1
  shift 2
  while (($# >= 2)); do
    printf 'bazel_dep(name = "%s", version = "%s")\n' "$1" "$2" >> "${out}/${name}/MODULE.bazel"
    shift 2
  done
}

# Names that a module file mentions and nobody here builds.
empty_module() {
  module_file "$1" "$2"
  : > "${out}/$1/BUILD.bazel"
}

# registry_entry NAME VERSION: DIR/NAME, as module_file left it, as a module of the stand-in registry. For modules that not every
# workspace has in its graph; Bazel refuses to override one that is not there.
registry_entry() {
  local dir=${out}/registry/modules/$1/$2
  mkdir -p "${dir}"
  cp "${out}/$1/MODULE.bazel" "${dir}/"
  printf '{"type": "local_path", "path": "%s"}\n' "${deps}/$1" > "${dir}/source.json"
}

# What bazel_tools itself names and nobody here builds.
stand_in() {
  empty_module "$1" "$2"
  registry_entry "$1" "$2"
}

# Without its wish to have every header compiled by itself, which is not ours to check.
abseil() {
  unpack abseil abseil-cpp
  find "${out}/abseil-cpp" -name BUILD.bazel -exec sed -i '/^ *"parse_headers",$/d' {} +
}

googletest() { unpack googletest googletest; }

cpp_httplib() {
  unpack cpp-httplib cpp-httplib
  local fix
  while IFS= read -r fix; do
    patch -s -p1 -d "${out}/cpp-httplib" < "${fix}"
  done < <(find "${overlays}/cpp_httplib" -name '*.patch' | LC_ALL=C sort)
  module_file cpp-httplib 0.46.0 rules_cc 0.2.18
  cp "${overlays}/cpp_httplib/httplib.BUILD.bazel" "${out}/cpp-httplib/BUILD.bazel"
}

# Boost.JSON and the Boost headers that it includes, from the root's libboost-dev.
boost_json() {
  local include=${out}/boost.json/include/boost part
  mkdir -p "${include}"
  while read -r part; do
    cp -r "${root}/usr/include/boost/${part}" "${include}/"
  done < <(grep -v '^#' "${overlays}/boost_json/headers.txt")
  module_file boost.json 1.90.0.bcr.1 rules_cc 0.2.18
  cp "${overlays}/boost_json/system.BUILD.bazel" "${out}/boost.json/BUILD.bazel"
  cp "${overlays}/boost_json/boost_json.cc" "${out}/boost.json/"
}

# The root's OpenSSL in BoringSSL's place: the code keeps to what both have. Linked as shared libraries, for
# Debian's static ones want zstd's, which the root lacks.
boringssl() {
  local include=${out}/boringssl/include/openssl
  mkdir -p "${include}"
  cp "${root}"/usr/include/openssl/*.h "${root}/usr/include/$(uname -m)-linux-gnu"/openssl/*.h "${include}/"
  module_file boringssl 0.20260327.0 rules_cc 0.2.18
  cp "${overlays}/boringssl/system.BUILD.bazel" "${out}/boringssl/BUILD.bazel"
}

google_benchmark() {
  unpack benchmark google_benchmark
  module_file google_benchmark 1.9.5 rules_cc 0.2.18 platforms 1.1.0
  registry_entry google_benchmark 1.9.5
}

# Of upstream's folders core alone is used.
prometheus_cpp() {
  unpack prometheus-cpp prometheus-cpp
  patch -s -p1 -d "${out}/prometheus-cpp" < "${overlays}/prometheus_cpp/core_build.patch"
  module_file prometheus-cpp 1.3.0.bcr.3 rules_cc 0.2.18
}

# Debian's rules_cc 0.0.11 with what newer Abseil asks of it.
rules_cc() {
  cp -r "${root}/usr/share/bazel/rules/cc" "${out}/rules_cc"
  cat "${overlays}/rules_cc/compiler_BUILD.append" >> "${out}/rules_cc/cc/compiler/BUILD"
  cat "${overlays}/rules_cc/extensions.bzl.append" >> "${out}/rules_cc/cc/extensions.bzl"
}

stand_ins() {
  empty_module re2 2025-11-05.bcr.1
  stand_in buildozer 7.1.2
  cp "${overlays}/stand_ins/buildozer_binary.bzl" "${out}/buildozer/"
  stand_in protobuf 3.19.6
  stand_in protobuf 21.7
  stand_in zlib 1.3.1.bcr.3
  stand_in apple_support 1.23.1
  echo '{}' > "${out}/registry/bazel_registry.json"
}

# buildifier, for //:format and //:lint, where npm is at hand. Everything else works without.
buildifier() {
  command -v npm > /dev/null || return 0
  local package hash file
  read -r package hash < <(grep -v '^#' "${toolchain_dir}/buildifier.lock")
  file=${cache}/archives/buildifier.tgz
  if ! sha256sum --status -c <<< "${hash}  ${file}" 2> /dev/null; then
    (cd "${cache}/archives" && mv "$(npm pack --silent "${package}")" buildifier.tgz) || return 0
    sha256sum --quiet -c <<< "${hash}  ${file}"
  fi
  mkdir -p "${out}/bin"
  tar -xzf "${file}" -C "${out}/bin" --strip-components=1 --wildcards 'package/buildifier-linux_*'
  case $(uname -m) in
    aarch64) mv "${out}"/bin/buildifier-linux_arm64 "${out}/bin/buildifier" ;;
    *) mv "${out}"/bin/buildifier-linux_amd64 "${out}/bin/buildifier" ;;
  esac
  chmod +x "${out}/bin/buildifier"
  rm -f "${out}"/bin/buildifier-linux_*
}

# The generated rc file: all that is special about a machine without the registry.
bazelrc() {
  local name
  echo "# Written by tools/toolchain/make_deps.sh."
  echo "startup --install_base=${debian_bazel} --trust_install_base"
  # Another root or other dependencies: another server.
  echo "startup --host_jvm_args=-Dlookout.toolchain=${root_key}-${deps_key}"
  echo "common --registry=file://${deps}/registry"
  for name in abseil-cpp googletest cpp-httplib boost.json boringssl prometheus-cpp rules_cc re2; do
    echo "common --override_module=${name}=${deps}/${name}"
  done
  for name in abseil-cpp googletest cpp-httplib boost.json boringssl prometheus-cpp google_benchmark rules_cc; do
    echo "common:workspace --override_repository=${name}=${deps}/${name}"
  done
  while read -r name; do
    echo "common --override_module=${name%%=*}=${debian_bazel}/${name##*=}"
    echo "common:workspace --override_repository=${name%%=*}=${debian_bazel}/${name##*=}"
  done << END
platforms=tools/platforms
rules_java=rules/java
bazel_features=tools/features
bazel_skylib=tools/skylib
rules_license=rules/license
rules_python=rules/python
rules_proto=rules/proto
END
  # Actions see the compiler under the same path whatever its version: name the version.
  echo "common --repo_env=LOOKOUT_TOOLCHAIN=${root_key}"
  echo "common --action_env=LOOKOUT_TOOLCHAIN=${root_key}"
  echo "common --host_action_env=LOOKOUT_TOOLCHAIN=${root_key}"
}

for part in abseil googletest cpp_httplib boost_json boringssl prometheus_cpp google_benchmark rules_cc stand_ins buildifier; do
  echo "${part}"
  "${part}"
done
bazelrc > "${out}/bazelrc"
