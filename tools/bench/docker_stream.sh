#!/usr/bin/env bash
# tools/bench/docker_stream.sh [EVENTS [RUNS]]: EVENTS (500,000) container events from an engine's unix socket to lines
# of JSON, by lookout and by `docker events`, in turns in one run, each with an engine of its own (docker_flood.cc);
# medians of RUNS (3). Exits 1 if any event is missing, or is told twice.
#
# They come in floods of 50,000, the next when the last is told: an engine that could keep on so would fill what may
# wait for a slow receiver (DockerSourceOptions::max_buffered_bytes). Time is from each flood to its last line in a
# file on a tmpfs, CPU the client's own, user and system. The default --interval is measured with one flood, and
# only its CPU means anything: it waits. As root, the docker command is installed if it is missing.
set -euo pipefail
readonly flood=50000
readonly events=${1:-500000} runs=${2:-3}
if ! [[ ${events} =~ ^[1-9][0-9]*$ && ${runs} =~ ^[1-9][0-9]*$ ]] || ((events % flood != 0)); then
  echo "docker_stream.sh: EVENTS must be a multiple of ${flood}, RUNS positive" >&2
  exit 2
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

dir=$(mktemp -d /dev/shm/lookout-bench.XXXXXX)
readonly dir
client='' engine=''  # process IDs
clean_up() {
  if [[ -n ${client} ]]; then kill "${client}"; fi
  if [[ -n ${engine} ]]; then kill "${engine}"; fi
  rm -rf "${dir}"
} 2> /dev/null
trap clean_up EXIT
fail() {
  echo "docker_stream.sh: $*" >&2
  tail -n 5 "${dir}/log" "${dir}/notes" >&2 || true
  exit 1
}

if ! command -v docker > /dev/null; then
  ((EUID == 0)) || fail 'no docker command: sudo apt-get install docker.io'
  {
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker-cli \
      || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io
  } > "${dir}/log" 2>&1 || fail 'cannot install the docker command'
fi
build=(--config=ci -c opt --symlink_prefix=/)
{
  ./bazelw build "${build[@]}" //tools/bench:docker_flood //tools/lookout
  bin=$(./bazelw info "${build[@]}" bazel-bin 2> /dev/null)
  cp "${bin}/tools/bench/docker_flood" "${bin}/tools/lookout/lookout" "${dir}/"
} > "${dir}/log" 2>&1 || fail 'cannot build'
# The toolchain's libraries may be newer than this machine's.
enter=()
"${dir}/lookout" --version > /dev/null 2>&1 || enter=(tools/toolchain/enter.sh)

# innermost PROCESS: what enter.sh runs is a child of it.
innermost() {
  local process=$1 child
  while child=$(cut -d' ' -f1 "/proc/${process}/task/${process}/children") && [[ -n ${child} ]]; do process=${child}; done
  echo "${process}"
}

cpu_ticks() { cut -d')' -f2- "/proc/${client}/stat" | awk '{print $12 + $13}'; }

# await_lines COUNT: until so many are told; what comes after them would be told twice.
await_lines() {
  local size=-1 now deadline=$((SECONDS + 120))
  while ((SECONDS < deadline)); do
    sleep 0.2
    now=$(stat -c %s "${dir}/out")
    if ((now == size)) && (($(wc -l < "${dir}/out") >= $1)); then return; fi
    size=${now}
  done
  fail "$(wc -l < "${dir}/out") of $1 events are told after two minutes"
}

# measure NAME EVENTS COMMAND…: appends "events/s CPU-us-an-event" to NAME's figures.
measure() {
  local name=$1 count=$2 host line before after sent=0 begin seconds=0
  shift 2
  "${enter[@]}" "${dir}/docker_flood" "${flood}" < "${dir}/to" > "${dir}/from" &
  engine=$!
  exec 9> "${dir}/to" 8< "${dir}/from"
  read -r -t 30 host <&8 || fail 'the engine does not come up'
  DOCKER_HOST=${host} "${@//HOST/${host}}" > "${dir}/out" 2> "${dir}/notes" 8<&- 9>&- &
  client=$!
  read -r -t 30 line <&8 || line=''
  [[ ${line} == subscribed ]] || fail "${name} does not subscribe"
  sleep 0.5  # what it does once, at its beginning, is not measured
  client=$(innermost "${client}")
  before=$(cpu_ticks)
  while ((sent < count)); do
    begin=${EPOCHREALTIME}
    echo >&9
    sent=$((sent + flood))
    await_lines "${sent}"
    seconds=$(awk -v all="${seconds}" -v from="${begin}" -v to="$(stat -c %.Y "${dir}/out")" 'BEGIN {print all + to - from}')
  done
  after=$(cpu_ticks)
  kill "${client}"
  exec 8<&- 9>&-
  wait
  client='' engine=''
  (($(wc -l < "${dir}/out") == count)) || fail "${name} tells $(wc -l < "${dir}/out") of ${count} events"
  if grep -qF force_reload "${dir}/out"; then fail "${name} tells of a loss"; fi
  awk -v n="${count}" -v s="${seconds}" -v ticks="$((after - before))" -v hz="$(getconf CLK_TCK)" \
    'BEGIN {print n / s, ticks / hz / n * 1e6}' >> "${dir}/of.${name}"
}

mkfifo "${dir}/to" "${dir}/from"
for ((run = 0; run < runs; ++run)); do
  measure docker "${events}" docker events --format '{{json .}}'
  measure lookout "${events}" "${enter[@]}" "${dir}/lookout" --docker=HOST --format=json --interval=0
  measure default "${flood}" "${enter[@]}" "${dir}/lookout" --docker=HOST --format=json
done

median() { awk -v field="$1" '{print $field}' "${dir}/of.$2" | sort -g | awk '{a[NR] = $1} END {print a[int((NR + 1) / 2)]}'; }
row() {  # TITLE FIELD LOOKOUT
  awk -v title="$1" -v peer="$(median "$2" docker)" -v us="$(median "$2" "$3")" -v more="$(($2 == 1))" 'BEGIN {
    printf "%-34s %14.*f %14.*f %8.1f\n", title, more ? 0 : 2, peer, more ? 0 : 2, us, more ? us / peer : peer / us
  }'
}
printf '%-34s %14s %14s %8s\n' "${events} events, all told once" 'docker events' lookout ratio
row 'events/s' 1 lookout
row 'CPU us an event' 2 lookout
row 'CPU us an event, default interval' 2 default
