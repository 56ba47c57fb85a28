#!/usr/bin/env bash
# lookout against a real dockerd: every verb, a restart of the daemon in the middle, and an exact account.
#
#   tools/e2e/dockerd_test.sh        as root on a Debian-like machine; installs docker.io if it is missing
#
# The daemon is this test's own: private socket and folders, no network, ended by its process ID.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

dir=$(mktemp -d /var/tmp/lookout-e2e.XXXXXX)  # short, for the socket's path
readonly dir
export DOCKER_HOST=unix://${dir}/docker.sock
daemon='' watcher=''

fail() {
  echo "dockerd_test: $*" >&2
  tail -n 20 "${dir}"/*.log "${dir}"/events "${dir}"/notes >&2 || true
  exit 1
}

# Ends what this test started, and leaves nothing behind.
cleanup() {
  set +e  # whatever fails, go on
  if [[ -n ${watcher} ]]; then kill "${watcher}" 2> /dev/null; fi
  stop_daemon
  grep -o "${dir}[^ ]*" /proc/self/mountinfo | sort -ru | while read -r mount; do umount "${mount}"; done
  rm -rf "${dir}"
}
trap cleanup EXIT

# await SECONDS WHAT COMMAND…: until it succeeds.
await() {
  local seconds=$1 what=$2 end=$((SECONDS + $1))
  shift 2
  until "$@" > /dev/null 2>&1; do
    ((SECONDS < end)) || fail "${what}: not within ${seconds} s"
    sleep 0.1
  done
}

install_docker() {
  local packages=()
  command -v dockerd > /dev/null || packages+=(docker.io)
  command -v busybox > /dev/null || packages+=(busybox-static)
  ((${#packages[@]})) || return 0
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" > "${dir}/apt.log" 2>&1 \
    || fail "cannot install ${packages[*]}"
}

start_daemon() {
  rm -f "${dir}/docker.pid"
  dockerd --data-root "${dir}/data" --exec-root "${dir}/exec" -H "${DOCKER_HOST}" --pidfile "${dir}/docker.pid" \
    --iptables=false --ip6tables=false --bridge=none >> "${dir}/dockerd.log" 2>&1 &
  daemon=$!
  await 60 'dockerd answers' docker version
}

stop_daemon() {
  [[ -n ${daemon} ]] || return 0
  kill "${daemon}" 2> /dev/null || true
  wait "${daemon}" || true
  daemon=''
}

import_image() {
  mkdir -p "${dir}/img/bin"
  cp "$(command -v busybox)" "${dir}/img/bin/busybox"
  ln -s busybox "${dir}/img/bin/sh"
  ln -s busybox "${dir}/img/bin/sleep"
  tar -C "${dir}/img" -c . | docker import - busybox:test > /dev/null
}

in_container() { docker run --network none "$@"; }

# What each container's events must be, whatever the order of stop and die, which engines differ in.
readonly expected='life: create start pause unpause kill kill die+stop destroy
short: create start die destroy
after: create start die destroy'

# NAME: its actions in order, a neighbouring stop and die as "die+stop".
history() {
  local actions
  actions=$(awk -v name="$1" '$2 == "docker" && $4 == name { printf "%s ", $3 }' "${dir}/events")
  actions=${actions//stop die/die+stop}
  actions=${actions//die stop/die+stop}
  echo "$1: ${actions% }"
}

install_docker
./bazelw build --config=ci -c opt //tools/lookout
start_daemon
import_image

# 9 + 4 events, one ForceReload for the restart, 4 events.
./bazelw run --config=ci -c opt //tools/lookout -- --docker --interval=50ms --count=18 --timeout=120s \
  > "${dir}/events" 2> "${dir}/notes" &
watcher=$!
await 60 'lookout is ready' grep -qx 'lookout: ready' "${dir}/notes"

in_container -d --name life --label 'quote="x" <a&b>' busybox:test \
  sh -c 'trap "exit 0" TERM; while :; do sleep 0.1; done' > /dev/null
docker pause life > /dev/null
docker unpause life > /dev/null
docker kill -s HUP life > /dev/null
docker stop -t 20 life > /dev/null
docker rm life > /dev/null
in_container --rm --name short busybox:test sh -c 'exit 0'
await 30 'short is told' grep -q 'docker destroy short' "${dir}/events"

stop_daemon
start_daemon
await 60 'lookout is back' grep -q 'force_reload' "${dir}/events"
in_container --rm --name after busybox:test sh -c 'exit 0'

wait "${watcher}" || fail "lookout ended with $?"
watcher=''

actual=$(history life; history short; history after)
[[ ${actual} == "${expected}" ]] || fail "events differ from what was done:
--- expected
${expected}
--- actual
${actual}"
reloads=$(grep -c ' docker force_reload ' "${dir}/events" || true)
((reloads == 1)) || fail "${reloads} ForceReloads, not 1, for one restart"
total=$(wc -l < "${dir}/events")
((total == 18)) || fail "${total} events, not 18: something was told twice"
echo "dockerd_test: $(dockerd --version | head -n 1): 17 events of 3 containers, 1 ForceReload, as expected"
