#!/usr/bin/env bash
# lookout while a real dockerd is killed, stopped, replaced, cut off and flooded: nothing may be lost, nothing
# told twice, and a ForceReload come only where the engine itself has forgotten what happened.
#
#   tools/e2e/docker_faults_test.sh [FAULT…]    as root on a Debian-like machine; 2 minutes
#
# FAULT is a function below: killed stopped live_restore replaced flooded cut_off. All of them by default.
# shellcheck source=tools/e2e/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# The liveness deadline that lookout is given, and for how much longer than that an engine is silent.
readonly liveness=3s silence=8

# The engine is killed outright. What ran then is put to an end by the next one, before anybody can listen; but
# that it remembers.
killed() {
  start_lookout --docker
  running ran
  short before
  await_told destroy before
  stop_dockerd engine KILL
  start_dockerd engine
  await_reload
  short after
  docker rm ran > /dev/null
  await_told destroy ran
  quiet
  stop_lookout
  expect 'dockerd killed and restarted' << 'END'
after: create start die destroy
before: create start die destroy
ran: create start kill die+stop destroy
ForceReloads: 1
END
}

# The engine stands still for longer than the deadline, and then goes on as if nothing had been. A container
# ends by itself meanwhile.
stopped() {
  start_lookout --docker "--docker-liveness=${liveness}"
  short before
  in_container -d --name ended busybox:test sleep 2 > /dev/null
  await_told start ended
  local said
  said=$(wc -l < "${dir}/notes")
  kill -STOP "${dockerds[engine]}"
  sleep "${silence}"
  (($(wc -l < "${dir}/notes") > said)) || fail "lookout said nothing of an engine that is silent for ${silence} s"
  kill -CONT "${dockerds[engine]}"
  await_told die ended
  short after
  docker rm ended > /dev/null
  await_told destroy ended
  quiet
  stop_lookout
  expect "dockerd silent for ${silence} s, the deadline being ${liveness}" << 'END'
after: create start die destroy
before: create start die destroy
ended: create start die destroy
ForceReloads: 0
END
}

# Containers outlive their engine, but one dies while it is away.
live_restore() {
  stop_dockerd engine
  start_dockerd engine --live-restore
  start_lookout --docker
  running dead
  running alive
  await_told start alive
  local process
  process=$(docker inspect -f '{{.State.Pid}}' dead)
  stop_dockerd engine
  kill -9 "${process}"
  start_dockerd engine --live-restore
  await_reload
  short after
  docker rm dead > /dev/null
  docker rm -f alive > /dev/null
  await_told destroy alive
  quiet
  stop_lookout
  expect 'a death while dockerd is away, with live-restore' << 'END'
after: create start die destroy
alive: create start kill die destroy
dead: create start die* destroy
ForceReloads: 1
END
  stop_dockerd engine
  start_dockerd engine
}

# Another engine takes the place of the socket's file; the first one, still connected, is killed then.
replaced() {
  start_dockerd other
  use_dockerd other
  import_image
  running theirs
  use_dockerd engine
  local path=${dir}/the.sock
  ln "$(socket_of engine)" "${path}"
  start_lookout "--docker=unix://${path}"
  running ours
  short before
  await_told destroy before
  ln "$(socket_of other)" "${path}.new"
  mv -f "${path}.new" "${path}"
  stop_dockerd engine KILL
  await_reload
  use_dockerd other
  short after
  await_told destroy after
  quiet
  stop_lookout
  expect "the socket's file replaced by another engine's" << 'END'
after: create start die destroy
before: create start die destroy
ours: create start die* destroy*
theirs: create start
ForceReloads: 1
END
  remove_all
  stop_dockerd other
  start_dockerd engine
  use_dockerd engine
}

# names NAME N: NAME-1 to NAME-N, which give each event of the flood its place in the order.
names() {
  local i
  for ((i = 1; i <= $2; ++i)); do echo "$1-${i}"; done
}

# 5,000 events, while nobody takes what lookout prints: for the whole of the flood, and 10 s at least. Renames, since an
# engine makes them faster than anything else that it does with a container.
flooded() {
  local each=1250 name pids=() started
  start_lookout_into_pipe 10 "${dir}/flooded" --docker --renames
  for name in one two three four; do running "${name}"; done
  started=${SECONDS}
  for name in one two three four; do
    names "${name}" "${each}" \
      | sed "s|.*|url = \"http://docker/containers/$(docker inspect -f '{{.Id}}' "${name}")/rename?name=&\"|" \
        > "${dir}/requests.${name}"
    curl -sS --fail-early -f -X POST --unix-socket "$(socket_of engine)" -K "${dir}/requests.${name}" \
      > /dev/null 2> "${dir}/curl-${name}.log" &
    pids+=($!)
  done
  wait "${pids[@]}" || fail 'the flood could not be made'
  local took=$((SECONDS - started))
  touch "${dir}/flooded"
  docker rm -f {one,two,three,four}-"${each}" > /dev/null
  short after
  await_told destroy after 60
  quiet
  stop_lookout
  for name in one two three four; do
    diff <(names "${name}" "${each}") \
      <(grep -F '"action":"rename"' "${dir}/events" | grep -o "\"actor_name\":\"${name}-[0-9]*" | cut -d '"' -f 4) \
      > "${dir}/difference.log" \
      || fail "the flood on ${name}: $(grep -c '^<' "${dir}/difference.log") of ${each} events lost," \
        "$(grep -c '^>' "${dir}/difference.log") in the wrong place or twice"
  done
  # With the flood's own taken out, and counted.
  local total
  total=$(grep -c '"action":"rename"' "${dir}/events")
  sed -i '/"action":"rename"/d' "${dir}/events"
  expect "the sink asleep while ${total} renames came within ${took} s; apart from them" << 'END'
after: create start die destroy
four-1250: kill die destroy
four: create start
one-1250: kill die destroy
one: create start
three-1250: kill die destroy
three: create start
two-1250: kill die destroy
two: create start
ForceReloads: 0
END
}

# The connections are cut again and again, and the socket's file is a new one each time; the engine goes on.
cut_off() {
  local path=${dir}/proxy.sock i name expected=()
  open_proxy "${path}"
  start_lookout "--docker=unix://${path}"
  for i in 0 1 2 3 4 5 6 7 8 9; do
    short "before${i}"
    close_proxy
    short "between${i}"
    open_proxy "${path}"
    sleep 0.$((i % 4))
    short "later${i}"
  done
  await_told destroy later9
  quiet
  stop_lookout
  close_proxy
  for name in before between later; do
    for i in 0 1 2 3 4 5 6 7 8 9; do expected+=("${name}${i}: create start die destroy"); done
  done
  expect 'the connections cut 10 times' < <(printf '%s\n' "${expected[@]}" 'ForceReloads: 0')
}

proxy=''
# open_proxy PATH: a socket that leads to the engine, until close_proxy.
open_proxy() {
  # A group of its own, so that its children end with it.
  set -m
  socat "UNIX-LISTEN:$1,fork,unlink-early" "UNIX-CONNECT:$(socket_of engine)" 2>> "${dir}/proxy.log" &
  proxy=$!
  set +m
  await 30 'the proxy listens' test -S "$1"
}

close_proxy() {
  [[ -n ${proxy} ]] || return 0
  kill -- "-${proxy}"
  wait "${proxy}" 2> /dev/null || true
  proxy=''
}

end_of_test() { close_proxy; }

faults=("$@")
((${#faults[@]})) || faults=(killed stopped live_restore replaced flooded cut_off)
need dockerd:docker.io busybox:busybox-static curl:curl socat:socat
build_lookout
start_dockerd engine
use_dockerd engine
import_image
echo "${test_name}: $(dockerd --version | head -n 1)"
for fault in "${faults[@]}"; do
  "${fault}"
  remove_all
done
