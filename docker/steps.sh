#!/bin/sh
# The steps of the container image, one function each, so that they can also be run without an engine.
#
#   docker/steps.sh install SOURCE VENV       the locked dependencies and the package, into a new venv
#   docker/steps.sh directories ROOT OWNER    what a node writes to, owned by OWNER (UID:GID)
#   docker/steps.sh check                     all of it in an empty directory: build, serve, health, stop
#
# The Dockerfile's RUN lines call the first two; `make image-steps` runs the third.
set -eu

PYTHON=${PYTHON:-python3}
OWNER=10001:10001

install() { # SOURCE VENV
  "$PYTHON" -m venv "$2"
  "$2/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir \
    --require-hashes -r "$1/requirements.lock"
  # hatchling is in the lock: nothing unpinned is fetched to build with.
  "$2/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation "$1"
}

directories() { # ROOT OWNER
  mkdir -p "$1/data" "$1/certs/trust"
  if [ "$(id -u)" -eq 0 ]; then chown -R "$2" "$1"; fi
  chmod 700 "$1/data"
}

# Without root the check runs as whoever started it, who is not root either.
as_user() { # COMMAND…
  if [ "$(id -u)" -eq 0 ] && [ "$as_owner" = yes ]; then
    exec setpriv --reuid="${OWNER%:*}" --regid="${OWNER#*:}" --clear-groups --no-new-privs -- "$@"
  fi
  exec "$@"
}

# A Python that the owner may run too: one below /root, as version managers install it, he may not.
choose_python() {
  as_owner=yes
  if [ "$(id -u)" -ne 0 ]; then return; fi
  for each in "$PYTHON" /usr/local/bin/python3 /usr/bin/python3; do
    if (as_user "$each" -c '
import ensurepip, subprocess, sys
subprocess.run([sys.executable, "-c", ""], check=True)
sys.exit(sys.version_info < (3, 11))') 2>/dev/null; then
      PYTHON=$each
      return
    fi
  done
  as_owner=no
  echo "No Python here can be run by ${OWNER%:*}: the node is served by $(id -un) instead."
}

free_ports() {
  "$PYTHON" -c '
import socket
ends = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(end.getsockname()[1] for end in ends))'
}

# What COPY brings into the build stage: read from the Dockerfile, so that the two cannot differ.
copied() { # PROJECT TARGET
  mkdir -p "$2"
  sed -n 's/^COPY \([^-].*\) \.\/.*$/\1/p' "$1/Dockerfile" | tr ' ' '\n' | while read -r name; do
    cp -R "$1/$name" "$2/"
  done
}

check() {
  project=$(cd "$(dirname "$0")/.." && pwd)
  work=$(mktemp -d)
  node=
  trap 'if [ -n "$node" ]; then kill -KILL "$node" 2>/dev/null || true; fi; rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM
  chmod 755 "$work"

  choose_python
  echo "copy and install"
  copied "$project" "$work/source"
  install "$work/source" "$work/venv"
  cp -R "$project/config" "$work/etc"
  directories "$work/var" "$OWNER"
  rm -rf "$work/source" # what runs is the installed package

  # The environment of the image, and ports that are free on this machine.
  set -- $(free_ports)
  CALLMARK_LISTEN__CALLS=127.0.0.1:$1
  CALLMARK_LISTEN__CONTROL=127.0.0.1:$2
  CALLMARK_LISTEN__REPOSITORY=127.0.0.1:$3
  CALLMARK_LISTEN__WORKERS=1
  CALLMARK_CONFIG_DIRECTORY=$work/etc
  CALLMARK_DATA__DIRECTORY=$work/var/data
  PYTHONDONTWRITEBYTECODE=1 USER=callmark
  export CALLMARK_LISTEN__CALLS CALLMARK_LISTEN__CONTROL CALLMARK_LISTEN__REPOSITORY CALLMARK_LISTEN__WORKERS \
    CALLMARK_CONFIG_DIRECTORY CALLMARK_DATA__DIRECTORY PYTHONDONTWRITEBYTECODE USER

  echo "serve"
  (cd "$work/var" && as_user "$work/venv/bin/callmark" serve) >"$work/log" 2>&1 &
  node=$!
  tries=0
  until "$work/venv/bin/python" "$project/docker/health.py" 2>/dev/null; do
    tries=$((tries + 1))
    if [ "$tries" -gt 60 ] || ! kill -0 "$node" 2>/dev/null; then
      echo "The node did not become healthy:" >&2
      cat "$work/log" >&2
      exit 1
    fi
    sleep 0.5
  done
  if [ "$(id -u)" -eq 0 ] && [ "$as_owner" = yes ] && ! grep -q "^Uid:[[:space:]]*${OWNER%:*}[[:space:]]" "/proc/$node/status"; then
    echo "The node does not run as ${OWNER%:*}." >&2
    exit 1
  fi

  echo "healthy, as user $(sed -n 's/^Uid:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$node/status"); stop with SIGTERM"
  kill -TERM "$node"
  status=0
  wait "$node" || status=$?
  node=
  if [ "$status" -ne 0 ]; then
    echo "The node ended with status $status:" >&2
    cat "$work/log" >&2
    exit 1
  fi
  if "$work/venv/bin/python" "$project/docker/health.py" 2>/dev/null; then
    echo "Something still answers after the stop." >&2
    exit 1
  fi
  echo "stopped in order"
}

command=${1:?install, directories or check}
shift
case $command in
  install | directories | check) "$command" "$@" ;;
  *) echo "unknown step $command" >&2; exit 2 ;;
esac
