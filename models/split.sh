# A folder of locks in, each in two parts beside it: NAME.large, packages so large that they are a layer of their own,
# and NAME.rest. A step of models/Dockerfile: a change of another package leaves that layer as it is, and both layers are
# compressed side by side when they are pushed.
set -eu
cd "$1"
for lock in *.lock; do
  name=${lock%.lock}
  : >"$name.large"
  awk -v name="$name" '
    /^[^ #]/ { package = $1; sub(/[=[].*/, "", package); large = package ~ /^(tensorflow|tensorflow-cpu|torch)$/ }
    { print > (name (large ? ".large" : ".rest")) }
  ' "$lock"
done
