#!/usr/bin/env bash
# lookout against a real `podman system service`: every verb, the service ended, killed and started again, its history
# rotated, and an exact account.
#
#   tools/e2e/podman_test.sh        as root on a Debian-like machine; installs podman if it is missing
#
# What happened is taken from Podman's own history, read once at the end: each event there must have been told once.
# The service's folders and socket are this test's own, containers have no network, and no cgroups are made.
# shellcheck source=tools/e2e/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# No limits are raised (a container's root may not), and a history of its usual size is not filled in a test.
write_settings() {  # BYTES OF HISTORY
  cat > "${dir}/containers.conf" << END
[containers]
netns = "none"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
events_logfile_max_size = "$1"
END
  export CONTAINERS_CONF=${dir}/containers.conf
}

readonly at=${dir}/podman
readonly socket=${dir}/podman.sock
readonly options=(
  --root "${at}/root" --runroot "${at}/run" --tmpdir "${at}/tmp" --network-config-dir "${at}/net"
  --storage-driver vfs --events-backend file --cgroup-manager cgroupfs --runtime runc
)
podman() { command podman "${options[@]}" "$@"; }

api() { curl -sS -f --unix-socket "${socket}" "http://podman/v1.41$1"; }

service=''
start_service() {
  # Not by the function, whose process would be the shell's.
  "$(type -P podman)" "${options[@]}" system service --time=0 "unix://${socket}" >> "${dir}/service.log" 2>&1 &
  service=$!
  await 30 'the service answers' api /_ping
}

stop_service() {  # [SIGNAL]
  kill -s "${1:-TERM}" "${service}"
  wait "${service}" 2> /dev/null || true
  service=''
}

end_of_test() {
  if [[ -n ${service} ]]; then stop_service KILL; fi
  podman rm -af -t 0 > /dev/null 2>&1
}

podman_short() { podman run --rm --name "$1" busybox:test sh -c 'exit 0'; }

# The account by Podman's own history since the beginning: the same lines as account's, for the actions that are told.
# `remove` is told as destroy.
history() {
  api "/events?since=${began}&stream=false" | awk "${awk_of_lives}"'
    value("Type") == "container" {
      action = value("Action")
      if (action == "remove") action = "destroy"
      if (action !~ /^(create|start|pause|unpause|kill|stop|die|destroy)$/) next
      lives[value("name")] = lives[value("name")] " " action
    }
    END { print_lives() }'
}

# expect_history WHAT NAME…: what was told is Podman's history, which has just these containers, and there was no
# ForceReload.
expect_history() {
  local what=$1 known
  shift
  known=$(history)
  [[ $(cut -d: -f1 <<< "${known}") == "$(printf '%s\n' "$@" | LC_ALL=C sort)" ]] \
    || fail "${what}: Podman's own history is not of what was done: ${known}"
  expect "${what}" <<< "${known}
ForceReloads: 0"
}

begin() {
  began=$(date -u +%Y-%m-%dT%H:%M:%S.%NZ)
  start_lookout "--docker=unix://${socket}"
}

verbs_and_restarts() {
  begin
  podman run -d --name life --label 'quote="x" <a&b>' busybox:test sh -c "${obedient}" > /dev/null
  podman pause life > /dev/null
  podman unpause life > /dev/null
  podman kill -s HUP life > /dev/null
  podman restart -t 20 life > /dev/null
  podman stop -t 20 life > /dev/null
  podman start life > /dev/null
  podman rm -f -t 0 life > /dev/null
  podman create --name never busybox:test sh > /dev/null
  podman rm never > /dev/null
  podman_short before
  await_told destroy before

  # Podman needs no service: what is done while there is none is in the history.
  stop_service TERM
  podman_short between
  start_service
  podman_short after
  await_told destroy after
  stop_service KILL
  podman_short killed
  start_service
  podman_short last
  await_told destroy last
  quiet
  stop_lookout
  expect_history 'every verb, the service ended and killed' life never before between after killed last
  local life
  life=$(account | grep '^life:')
  [[ ${life} == 'life: create start pause unpause kill '*' destroy' ]] || fail "not every verb was told: ${life}"
}

# The history is cut to its newer half again and again: streams break off then, or begin anew.
rotation() {
  local i names=()
  stop_service
  write_settings 12k
  start_service
  podman_short warm
  begin
  for i in 1 2 3 4 5 6 7 8 9; do
    # One at a time: what is known of each is taken from the history before that is cut.
    began=$(date -u +%Y-%m-%dT%H:%M:%S.%NZ)
    podman_short "turn${i}"
    await_told destroy "turn${i}"
    history >> "${dir}/known"
    names+=("turn${i}")
  done
  quiet
  stop_lookout
  expect 'the history rotated' < <(LC_ALL=C sort "${dir}/known"; echo 'ForceReloads: 0')
  grep -q log-rotation "${at}/tmp/events/events.log" || fail 'the history was not rotated at all'
}

parts=("$@")
((${#parts[@]})) || parts=(verbs_and_restarts rotation)
need runc:runc podman:podman busybox:busybox-static curl:curl
build_lookout
write_settings 1m
mkdir -p "${at}"
image_tree
tar -C "${dir}/img" -c . | podman import - busybox:test > /dev/null 2> "${dir}/import.log"
start_service
echo "${test_name}: $(podman --version)"
for part in "${parts[@]}"; do "${part}"; done
