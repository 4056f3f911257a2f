#!/usr/bin/env bash
# Resolve the environments of the models named (default: every folder with a train.in, unit.in or app.in) again:
# requirements in, locks with hashes out. A folder without a runtime.in serves with the shared
# models/runtime.in; one with a unit.in trains and serves with that; an app.in is a plain web service's; one without a
# train.in only serves.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- models/*/train.in models/*/unit.in models/*/app.in models/*/runtime.in
uv=$(command -v .venv/bin/uv || command -v uv)
lock() {
  "$uv" pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
    --custom-compile-command 'make lock' --quiet "$@"
}
for name; do
  folder=models/$(basename "${name%/*.in}")
  if [ -e "$folder/unit.in" ]; then
    lock "$folder/unit.in" --override models/runtime-overrides.txt --output-file "$folder/unit.lock"
    continue
  fi
  runtime=$folder/runtime.in
  [ -e "$runtime" ] || runtime=models/runtime.in
  # One line, `-r ../plain.in`: what is locked is that file, so that units share one environment and one layer.
  [ "$(wc -l <"$runtime")" != 1 ] || runtime=models/$(sed 's|^-r \.\./||' "$runtime")
  [ ! -e "$folder/app.in" ] || lock "$folder/app.in" --output-file "$folder/app.lock"
  [ ! -e "$folder/train.in" ] || lock "$folder/train.in" --excludes models/train-excludes.txt --output-file "$folder/train.lock"
  # One with a Dockerfile of its own serves with what that installs.
  [ ! -e "$folder/Dockerfile" ] || continue
  lock "$runtime" --override models/runtime-overrides.txt --excludes models/runtime-excludes.txt --output-file "$folder/runtime.lock"
done
