#!/usr/bin/env bash
# lookout against a real dockerd: every verb, a restart of the daemon in the middle, and an exact account.
#
#   tools/e2e/dockerd_test.sh        as root on a Debian-like machine; installs docker.io if it is missing
#
# The daemon is this test's own: private socket and folders, no network, ended by its process ID.
# shellcheck source=tools/e2e/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need dockerd:docker.io busybox:busybox-static
build_lookout
start_dockerd engine
use_dockerd engine
import_image
start_lookout --docker

in_container -d --name life --label 'quote="x" <a&b>' busybox:test sh -c "${obedient}" > /dev/null
docker pause life > /dev/null
docker unpause life > /dev/null
docker kill -s HUP life > /dev/null
docker stop -t 20 life > /dev/null
docker rm life > /dev/null
running forced
docker rm -f forced > /dev/null
running again
docker restart -t 20 again > /dev/null
docker rm -f again > /dev/null
running old
docker rename old new
docker rm -f new > /dev/null
in_container -d --name crashing --restart on-failure:2 busybox:test sh -c 'exit 3' > /dev/null
await 30 'the last start of crashing' sh -c "docker inspect -f '{{.RestartCount}} {{.State.Running}}' crashing | grep -qx '2 false'"
docker rm crashing > /dev/null
short before
await_told destroy before

stop_dockerd engine
start_dockerd engine
await_reload
short after
await_told destroy after
quiet
stop_lookout

of_life() { grep -F '"actor_name":"life"' "${dir}/events"; }

# all_of_life WHAT GREP_ARG…: whether each of its events says so.
all_of_life() {
  local what=$1 others
  shift
  others=$(of_life | grep -v "$@" || true)
  [[ -z ${others} ]] || fail "events of life without ${what}: ${others}"
}

echo "${test_name}: $(dockerd --version | head -n 1)"
expect 'every verb and a restart' << 'END'
after: create start die destroy
again: create start kill die+stop start kill die destroy
before: create start die destroy
crashing: create start die start die start die destroy
forced: create start kill die destroy
life: create start pause unpause kill kill die+stop destroy
new: kill die destroy
old: create start
ForceReloads: 1
END
all_of_life 'the full ID' -E '"actor_id":"[0-9a-f]{64}"'
all_of_life 'the image' -F '"image":"busybox:test"'
all_of_life 'the label' -F '"quote":"\"x\" <a&b>"'
of_life | grep -F '"action":"kill"' | grep -qF '"signal":"1"' || fail 'no kill of life has the signal HUP'
