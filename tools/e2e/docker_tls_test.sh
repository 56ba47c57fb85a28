#!/usr/bin/env bash
# lookout reaches a real dockerd over TLS as the docker command does, and through ssh.
#
#   tools/e2e/docker_tls_test.sh [PART…]        as root on a Debian-like machine; installs what is missing
#
# PART is a function below: over_tls, through_ssh. Both by default.
# Certificates, keys and ports are this test's own, and loopback only.
# shellcheck source=tools/e2e/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# make_ca NAME; make_certificate CA NAME EXTENSION: keys and certificates in folders, named as the docker command wants
# them in DOCKER_CERT_PATH.
make_ca() {
  mkdir -p "${dir}/$1"
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" -keyout "${dir}/$1/ca-key.pem" \
    -out "${dir}/$1/ca.pem" 2>> "${dir}/openssl.txt"
}
make_certificate() {
  local at=${dir}/$2
  mkdir -p "${at}"
  openssl req -newkey rsa:2048 -nodes -subj "/CN=$2" -keyout "${at}/key.pem" -out "${at}/request.pem" 2>> "${dir}/openssl.txt"
  openssl x509 -req -days 2 -in "${at}/request.pem" -CA "${dir}/$1/ca.pem" -CAkey "${dir}/$1/ca-key.pem" -CAcreateserial \
    -extfile <(echo "$3") -out "${at}/cert.pem" 2>> "${dir}/openssl.txt"
  cp "${dir}/$1/ca.pem" "${at}/ca.pem"
}

# with_tls FOLDER COMMAND…: the engine as the environment names it, with that folder's certificates.
with_tls() {
  local folder=${dir}/$1
  shift
  DOCKER_HOST=tcp://127.0.0.1:${port} DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=${folder} "$@"
}

# refused FOLDER WORD: lookout ends with 1 and says why, within 20 s; the word must be in what it says.
refused() {
  local status=0
  (with_tls "$1" run_lookout --docker --timeout=20s) > "${dir}/events" 2> "${dir}/notes" || status=$?
  ((status == 1)) || fail "with the certificates of $1 lookout ends with ${status}, not 1"
  if grep -qx 'lookout: ready' "${dir}/notes"; then fail "with the certificates of $1 lookout is ready"; fi
  grep '^lookout: ' "${dir}/notes" | grep -qiE "$2" || fail "with the certificates of $1 lookout does not say '$2'"
  echo "${test_name}: $1: $(grep '^lookout: ' "${dir}/notes" | tail -n 1)"
}

# An engine that takes TLS on a port that is free, and its local socket.
start_engine() {
  make_ca ca
  make_ca other-ca
  make_certificate ca server 'subjectAltName=IP:127.0.0.1'
  make_certificate ca client 'extendedKeyUsage=clientAuth'
  make_certificate other-ca stranger 'extendedKeyUsage=clientAuth'
  # Whose own certificate is right, but who trusts another CA: and whom the engine would let in.
  mkdir "${dir}/wrong-ca" && cp "${dir}/client/"*.pem "${dir}/wrong-ca" && cp "${dir}/other-ca/ca.pem" "${dir}/wrong-ca"
  # Who trusts the engine, but is not trusted by it.
  cp "${dir}/ca/ca.pem" "${dir}/stranger"

  start_dockerd engine -H tcp://127.0.0.1:0 --tlsverify "--tlscacert=${dir}/ca/ca.pem" \
    "--tlscert=${dir}/server/cert.pem" "--tlskey=${dir}/server/key.pem"
  use_dockerd engine
  import_image
  port=$(grep -o 'API listen on 127.0.0.1:[0-9]*' "${dir}/engine.log" | tail -n 1 | grep -o '[0-9]*$')
}

over_tls() {
  with_tls client docker version > /dev/null || fail 'the docker command itself does not reach the engine over TLS'

  with_tls client start_lookout --docker
  short hello
  await_told destroy hello
  quiet
  stop_lookout
  expect "TLS on 127.0.0.1:${port}" << 'END'
hello: create start die destroy
ForceReloads: 0
END
  refused wrong-ca 'certificate'
  refused stranger 'certificate|unknown ca'
}

# free_port: one that nobody listens on now.
free_port() {
  local candidate
  while :; do
    candidate=$((20000 + RANDOM % 30000))
    if ! (exec 3<> "/dev/tcp/127.0.0.1/${candidate}") 2> /dev/null; then break; fi
  done
  echo "${candidate}"
}

sshd=''
# The far end is this machine, and its engine that of its own environment: what `docker system dial-stdio` takes.
start_sshd() {
  local at=${dir}/ssh
  mkdir -p "${at}" /run/sshd
  chmod 700 "${at}"
  ssh-keygen -q -t ed25519 -N '' -f "${at}/host_key"
  ssh-keygen -q -t ed25519 -N '' -f "${at}/key"
  cp "${at}/key.pub" "${at}/authorized_keys"
  ssh_port=$(free_port)
  cat > "${at}/sshd_config" << END
ListenAddress 127.0.0.1:${ssh_port}
HostKey ${at}/host_key
PidFile ${at}/pid
AuthorizedKeysFile ${at}/authorized_keys
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
SetEnv DOCKER_HOST=unix://$(socket_of engine)
END
  cat > "${at}/config" << END
Host *
  IdentityFile ${at}/key
  IdentitiesOnly yes
  UserKnownHostsFile ${at}/known_hosts
  StrictHostKeyChecking yes
END
  echo "[127.0.0.1]:${ssh_port} $(cut -d' ' -f1,2 "${at}/host_key.pub")" > "${at}/known_hosts"
  # The user's own ssh is whatever is first in PATH; this one knows of this test's keys.
  mkdir "${at}/bin"
  printf '#!/bin/sh\nexec %s -F %s "$@"\n' "$(command -v ssh)" "${at}/config" > "${at}/bin/ssh"
  chmod +x "${at}/bin/ssh"
  "$(command -v sshd)" -D -f "${at}/sshd_config" -E "${dir}/sshd.log" &
  sshd=$!
  await 30 'sshd answers' "${at}/bin/ssh" -p "${ssh_port}" root@127.0.0.1 true
}

with_ssh() { PATH=${dir}/ssh/bin:${PATH} "$@"; }

through_ssh() {
  start_sshd
  local host=ssh://root@127.0.0.1:${ssh_port}
  with_ssh docker -H "${host}" version > /dev/null || fail 'the docker command itself does not reach the engine through ssh'
  with_ssh start_lookout "--docker=${host}"
  short hello
  await_told destroy hello
  quiet
  stop_lookout
  expect "ssh on 127.0.0.1:${ssh_port}" << 'END'
hello: create start die destroy
ForceReloads: 0
END
  # No ssh of lookout's outlives it.
  if pgrep -f -- "-F ${dir}/ssh/config" > /dev/null; then fail 'an ssh that lookout started is still there'; fi
}

end_of_test() {
  if [[ -n ${sshd} ]]; then kill "${sshd}"; fi
}

PATH=${PATH}:/usr/sbin:/sbin
need dockerd:docker.io busybox:busybox-static openssl:openssl ssh:openssh-client sshd:openssh-server
build_lookout
start_engine
parts=("$@")
((${#parts[@]})) || parts=(over_tls through_ssh)
for part in "${parts[@]}"; do "${part}"; done
