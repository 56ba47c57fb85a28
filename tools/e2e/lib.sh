# shellcheck shell=bash
# Sourced by the tests against real engines: engines of the test's own in a private folder, the command beside
# them, and an exact account of what it told.
#
#   source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
#   need dockerd:docker.io busybox:busybox-static
#   build_lookout
#   start_dockerd one && use_dockerd one && import_image
#   start_lookout --docker
#   short hello
#   await_told destroy hello
#   stop_lookout
#   account
#
# Everything is below ${dir}, which is gone at the end; processes are ended by their IDs, mounts are undone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

test_name=$(basename "$0" .sh)
dir=$(mktemp -d /var/tmp/lookout-e2e.XXXXXX)  # short, for the sockets' paths
readonly test_name dir
declare -A dockerds=()  # name → process ID
lookout='' reader=''    # process IDs: of what runs the command, and of who reads it

# To where standard error goes now, even from within what await calls.
exec 3>&2
fail() {
  echo "${test_name}: $*" >&3
  tail -n 20 "${dir}"/*.log "${dir}/events" "${dir}/notes" >&3 || true
  exit 1
}

# Run at the end, whatever happened; a test may define end_of_test for what is its own.
cleanup() {
  set +e  # whatever fails, go on
  if [[ -n ${lookout} ]]; then kill "$(innermost "${lookout}")" 2> /dev/null; fi
  if [[ -n ${reader} ]]; then kill "${reader}" 2> /dev/null; fi
  if declare -F end_of_test > /dev/null; then end_of_test; fi
  for name in "${!dockerds[@]}"; do
    kill -CONT "${dockerds[${name}]}" 2> /dev/null
    stop_dockerd "${name}"
  done
  end_leftovers
  grep -o "${dir}[^ ]*" /proc/self/mountinfo | sort -ru | while read -r mount; do umount -l "${mount}"; done
  rm -rf "${dir}"
}
trap cleanup EXIT

# What engines that were killed have left running: their containers' minders, and with them the containers. Known
# by this test's folder in their command lines.
end_leftovers() {
  local command process
  for command in /proc/[0-9]*/cmdline; do
    process=${command//[!0-9]/}
    if [[ ${process} != "$$" ]] && tr '\0' ' ' < "${command}" | grep -qF -- "${dir}/"; then kill -9 "${process}"; fi
  done 2> /dev/null
}

# await SECONDS WHAT COMMAND…: until it succeeds.
await() {
  local what=$2 end=$((SECONDS + $1)) seconds=$1
  shift 2
  until "$@" > /dev/null 2>&1; do
    ((SECONDS < end)) || fail "${what}: not within ${seconds} s"
    sleep 0.1
  done
}

# need PROGRAM:PACKAGE…: installs the packages whose programs are missing.
need() {
  local packages=() pair
  for pair in "$@"; do
    type -P "${pair%%:*}" > /dev/null || packages+=("${pair##*:}")
  done
  ((${#packages[@]})) || return 0
  ((EUID == 0)) || fail "needs ${packages[*]}: sudo apt-get install ${packages[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" > "${dir}/apt.log" 2>&1 \
    || fail "cannot install ${packages[*]}"
}

### dockerd

socket_of() { echo "${dir}/$1/docker.sock"; }

# use_dockerd NAME: for the docker command from here on.
use_dockerd() {
  DOCKER_HOST=unix://$(socket_of "$1")
  export DOCKER_HOST
}

dockerd_answers() {
  kill -0 "${dockerds[$1]}" || fail "dockerd $1 has ended"
  DOCKER_HOST=unix://$(socket_of "$1") docker version
}

# start_dockerd NAME [ARG…]: an engine with a folder and a socket of its own, and no network.
start_dockerd() {
  local name=$1 at=${dir}/$1
  shift
  mkdir -p "${at}"
  rm -f "${at}/docker.pid"
  # dockerd takes a containerd of its own for alive that nobody has collected yet, and then waits for it in vain.
  local old=''
  if [[ -f ${at}/exec/containerd/containerd.pid ]]; then old=$(< "${at}/exec/containerd/containerd.pid"); fi
  if [[ -n ${old} ]] && ! grep -q '^State:.*[RSD] ' "/proc/${old}/status" 2> /dev/null; then
    rm -f "${at}/exec/containerd/containerd.pid"
  fi
  dockerd --data-root "${at}/data" --exec-root "${at}/exec" -H "unix://$(socket_of "${name}")" \
    --pidfile "${at}/docker.pid" --iptables=false --ip6tables=false --bridge=none "$@" >> "${dir}/${name}.log" 2>&1 &
  dockerds[${name}]=$!
  await 60 "dockerd ${name} answers" dockerd_answers "${name}"
}

# stop_dockerd NAME [SIGNAL]: and waits for its end.
stop_dockerd() {
  local process=${dockerds[$1]:-}
  [[ -n ${process} ]] || return 0
  kill -s "${2:-TERM}" "${process}" 2> /dev/null || true
  wait "${process}" 2> /dev/null || true
  unset "dockerds[$1]"
}

# An image for containers that need no network and no registry.
image_tree() {
  mkdir -p "${dir}/img/bin"
  cp "$(command -v busybox)" "${dir}/img/bin/busybox"
  ln -sf busybox "${dir}/img/bin/sh"
  ln -sf busybox "${dir}/img/bin/sleep"
}

import_image() {
  image_tree
  tar -C "${dir}/img" -c . | docker import - busybox:test > /dev/null
}

# The main process of a container that ends at once when it is told to.
readonly obedient='trap "exit 0" TERM; while :; do sleep 0.1; done'

in_container() { docker run --network none "$@"; }
short() { in_container --rm --name "$1" busybox:test sh -c 'exit 0'; }
running() { in_container -d --name "$1" busybox:test sh -c "${obedient}" > /dev/null; }

remove_all() {
  docker ps -aq | while read -r id; do docker rm -f "${id}"; done > /dev/null
}

### The command

build_lookout() { ./bazelw build --config=ci -c opt //tools/lookout; }

# run_lookout ARG…: in place of the (sub)shell that calls this; its events are JSON lines.
run_lookout() { exec ./bazelw run --config=ci -c opt //tools/lookout -- --format=json --interval=0 "$@"; }

# start_lookout ARG…: in the background, until it is ready: events in ${dir}/events, standard error in ${dir}/notes.
start_lookout() {
  : > "${dir}/events"
  : > "${dir}/notes"
  run_lookout "$@" > "${dir}/events" 2> "${dir}/notes" &
  lookout=$!
  await_ready
}

is_ready() {
  kill -0 "${lookout}" || fail 'lookout has ended by itself'
  grep -qx 'lookout: ready' "${dir}/notes"
}
await_ready() { await 60 'lookout is ready' is_ready; }

# start_lookout_into_pipe SECONDS FILE ARG…: the same, but nobody reads its standard output for so long, nor
# until FILE is there.
start_lookout_into_pipe() {
  local seconds=$1 file=$2
  shift 2
  rm -f "${dir}/pipe"
  mkfifo "${dir}/pipe"
  : > "${dir}/events"
  : > "${dir}/notes"
  {
    sleep "${seconds}"
    until [[ -e ${file} ]]; do sleep 0.1; done
    cat
  } < "${dir}/pipe" > "${dir}/events" &
  reader=$!
  run_lookout "$@" > "${dir}/pipe" 2> "${dir}/notes" &
  lookout=$!
  await_ready
}

# innermost PROCESS: the command is a child of what gives it the toolchain's libraries.
innermost() {
  local process=$1 child
  while child=$(cut -d' ' -f1 "/proc/${process}/task/${process}/children") && [[ -n ${child} ]]; do process=${child}; done
  echo "${process}"
}

# Ends it as SIGTERM does; whatever was gathered is printed first.
stop_lookout() {
  local process=${lookout} status=0
  kill -0 "${process}" || fail 'lookout has ended by itself'
  lookout=''
  kill "$(innermost "${process}")"
  wait "${process}" || status=$?
  ((status == 0)) || fail "lookout ended with ${status}"
  if [[ -n ${reader} ]]; then wait "${reader}"; fi
  reader=''
}

# told ACTION NAME; await_told ACTION NAME [SECONDS].
told() { grep -qF "\"action\":\"$1\",\"actor_name\":\"$2\"" "${dir}/events"; }
await_told() { await "${3:-30}" "$1 of $2 is told" told "$1" "$2"; }

await_reload() { await 30 'a ForceReload' grep -qF '"action":"force_reload"' "${dir}/events"; }

# For a moment, in which what is told twice would come.
quiet() { sleep 1; }

### The account

# For accounts, in awk: a line's member of that name, and the lives of containers, by their names, one a line.
# shellcheck disable=SC2016
readonly awk_of_lives='
function value(key,   text) {
  if (!match($0, "\"" key "\":\"[^\"]*\"")) return ""
  text = substr($0, RSTART, RLENGTH)
  sub(/^"[^"]*":"/, "", text)
  sub(/"$/, "", text)
  return text
}
function print_lives(   name, life) {
  for (name in lives) {
    life = lives[name]
    gsub(/ stop die( |$)/, " die+stop ", life); gsub(/ die stop( |$)/, " die+stop ", life)
    gsub(/ +/, " ", life); sub(/ $/, "", life)
    print name ":" life | "LC_ALL=C sort"
  }
  close("LC_ALL=C sort")
}'

# A line for each container, sorted: its name and its actions in the order they were told. What lookout
# concluded itself ends in '*'. A neighbouring stop and die, which engines put in either order, are "die+stop".
# The last line counts the ForceReloads.
account() {
  awk "${awk_of_lives}"'
    {
      action = value("action")
      if (action == "force_reload") { ++reloads; next }
      if ($0 ~ /"lookout\.synthesized":"true"/) action = action "*"
      name = value("actor_name")
      lives[name] = lives[name] " " action
    }
    END {
      print_lives()
      print "ForceReloads: " reloads + 0
    }' "${dir}/events"
}

# expect WHAT < EXPECTED: the account must be that, line by line. Says so with figures in one line.
expect() {
  local expected actual lines
  expected=$(cat)
  actual=$(account)
  [[ ${actual} == "${expected}" ]] || fail "$1: what was told is not what was done:
$(diff <(echo "${expected}") <(echo "${actual}") | sed -e 's/^</- expected:/' -e 's/^>/+ actual:  /' | grep '^[-+]')"
  lines=$(wc -l < "${dir}/events")
  echo "${test_name}: $1: ${lines} events of $(($(echo "${actual}" | wc -l) - 1)) containers, none lost, none twice," \
    "$(grep -c '"lookout.synthesized":"true"' "${dir}/events") concluded, ${actual##*ForceReloads: } ForceReload(s)"
}
