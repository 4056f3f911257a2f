# A tree with models/ and MODEL, a folder below it, in; what that unit's code can import out, below the folder TO:
# a step of models/Dockerfile. That is what all units share, the unit's folder, and the modules of those above it.
set -eu
cd "$1"; MODEL=$2 TO=$3
mkdir -p "$TO"
cp -R --parents models/__init__.py models/contract models/runtimes models/data models/registry "models/$MODEL" "$TO"
above=$(dirname "models/$MODEL")
while [ "$above" != models ]; do
  find "$above" -maxdepth 1 -name '*.py' -exec cp --parents {} "$TO" \;
  above=$(dirname "$above")
done
