#!/usr/bin/env bash
# Drives the published Python client against the mock server program. Needs Go and Python 3.10 or newer with its venv module.
#
#   test/python-client/run.sh [pytest arguments]
#
# PYTHON chooses the interpreter. What it builds lies below .tools/python-client and is reused while nothing changed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$root/.tools/python-client
venv=$work/venv
program=$work/autx-mockserver

find_python() {
  local candidate
  for candidate in ${PYTHON:+"$PYTHON"} python3 python; do
    if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  echo "no Python 3.10 or newer with its venv module was found (PYTHON chooses one)" >&2
  return 1
}

python=$(find_python)
mkdir -p "$work"

# The environment depends on the pinned packages and on the interpreter, so both are in its stamp.
# The stamp is written last: an installation that was cut short is made anew.
stamp=$("$python" - "$here/requirements.txt" <<'PY'
import hashlib, pathlib, sys
print(hashlib.sha256(pathlib.Path(sys.argv[1]).read_bytes()).hexdigest(), sys.version.split()[0], sys.executable)
PY
)
if [[ ! -x $venv/bin/python || $(cat "$work/stamp" 2>/dev/null) != "$stamp" ]]; then
  echo "== Python environment: installing the pinned packages"
  rm -rf "$venv" "$work/stamp"
  "$python" -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
    --only-binary=:all: --require-hashes --requirement "$here/requirements.txt"
  printf '%s\n' "$stamp" >"$work/stamp"
else
  echo "== Python environment: reused"
fi

echo "== Mock server: building the program"
(cd "$root" && go build -o "$program" ./cmd/autx-mockserver)

# Everything below talks to the loopback interface only: a proxy of the environment must not come between,
# and neither an account nor a service named in the environment may be touched by mistake.
export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost
unset AUTX_API_KEY AUTX_BASE_URL

# No certificate is trusted: nothing here may speak TLS, and the client, which sets TLS up anew for every request, is spared reading
# hundreds of them each time (20 ms a request).
unset SSL_CERT_FILE
export SSL_CERT_DIR=$work/no-certificates
mkdir -p "$SSL_CERT_DIR"
export PYTHONDONTWRITEBYTECODE=1 AUTX_MOCKSERVER=$program

echo "== Tests: the published client against the program"
cd "$here"
"$program" run -listen 127.0.0.1:0 -seed "$here/seed.json" -clock 2030-01-15T12:00:00Z -- \
  "$venv/bin/python" -m pytest "$@"
