#!/usr/bin/env bash
# Compares CPU time per operation with other tracking servers:
#
#   bench/compare.sh [output directory]
#
# Starts in turn this server on an embedded table, MLflow's own on SQLite with
# one worker, and FastTrackML on SQLite, each fresh, puts each under the same
# load (bench/mlbench), and does so ROUNDS times. Prints a markdown table of
# medians over the rounds. CPU time of the server's process tree is compared
# because rates on a shared machine say little.
#
# ROUNDS     rounds of each server (3)
# WORKLOADS  groups of workloads, see mlbench run -h (W1,W5)
# LOOP       seconds of each closed loop (1)
# SIZES      sizes of the experiments that are searched, in runs (100,1000)
# SERVERS    names of the servers (ours mlflow fasttrackml)
#
# Takes a quarter of an hour, and most of it is spent in MLflow's server. Needs
# Linux, Go and Python 3.11; the first time it installs the others with pip.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
out=${1:-build/compare}
rounds=${ROUNDS:-3}
groups=${WORKLOADS:-W1,W5}
loop=${LOOP:-1}
sizes=${SIZES:-100,1000}
servers=${SERVERS:-ours mlflow fasttrackml}

mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
pid=
stop() { # the server that is running, and all that it started
  if [[ -n $pid ]]; then
    kill -KILL -- "-$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    pid=
  fi
}
trap 'stop; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

make build
(cd bench/mlbench && go build -o "$root/bin/mlbench" .)
make .venv/ok
venv=$root/.venv
wheel=$root/build/fasttrackml
if [[ $servers == *fasttrackml* && ! -d $wheel ]]; then
  "$venv/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --dest "$work/wheel" fasttrackml==0.6.0
  "$venv/bin/python" -m zipfile -e "$work"/wheel/*.whl "$wheel"
fi
fml=$(find "$wheel" -path '*/bin/fml' -type f 2>/dev/null || true)
[[ -z $fml ]] || chmod +x "$fml"

free_port() {
  "$venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# start NAME starts a server of its own process group in an empty directory and
# sets pid and url when it answers.
start() {
  local dir=$work/$1-$2 port command
  port=$(free_port)
  url=http://127.0.0.1:$port
  mkdir -p "$dir"
  case $1 in
    ours) command=("$root/bin/mlflow-dynamodbstore" server --port "$port" --backend-store-uri "local:$dir/table"
      --artifacts-destination "$dir/artifacts") ;;
    mlflow) command=("$venv/bin/python" -m mlflow server --host 127.0.0.1 --port "$port" --workers 1
      --backend-store-uri "sqlite:///$dir/mlflow.db" --artifacts-destination "$dir/artifacts") ;;
    fasttrackml) command=("$fml" server --log-level warning --listen-address "127.0.0.1:$port"
      --default-artifact-root "$dir/artifacts" --database-uri "sqlite://$dir/fml.db") ;;
    *) echo "no server is called $1" >&2; exit 2 ;;
  esac
  (cd "$dir" && exec setsid env MLFLOW_DISABLE_TELEMETRY=true DO_NOT_TRACK=true MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false \
    "${command[@]}") >"$dir/log" 2>&1 </dev/null &
  pid=$!
  for _ in $(seq 600); do
    if curl --silent --fail --output /dev/null "$url/health" || curl --silent --fail --output /dev/null "$url/version"; then
      return
    fi
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.2
  done
  echo "$1 did not start:" >&2
  cat "$dir/log" >&2
  exit 1
}

rm -f "$out"/*.json
for round in $(seq "$rounds"); do
  for name in $servers; do
    echo "== round $round: $name" >&2
    start "$name" "$round"
    bin/mlbench run -url "$url" -name "$name" -groups "$groups" -seconds "$loop" -search "$sizes" -seed-budget 60s \
      -watch "server=$pid" -out "$out/$name-$round.json" >/dev/null
    stop
    rm -rf "$work/$name-$round"
  done
done

{
  echo "$(date -u +%Y-%m-%d), $(nproc) CPUs: $(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)"
  echo
  "$venv/bin/python" bench/compare.py "$out"/*.json
} | tee "$out/table.md"
