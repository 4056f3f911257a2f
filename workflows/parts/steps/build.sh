# A source tree in, pushed images and their digests out: runs in docker:cli beside a Docker daemon.
# Environment: IMAGES, `output=folder` separated by blanks, the folders below models/; TARGET, stage of the
# Dockerfile; REGISTRY, VERSION; the folders SOURCE, OUTPUTS, and SITE: config.json, pip.conf, ca.crt, where they
# are needed; WAIT, seconds. A folder that several outputs name is built once; one with a unit.lock has the one
# stage `unit`, which trains and serves; one with a Dockerfile of its own is built by that, of the same stages.
# An image whose inputs have not changed is in the registry already, under a tag made from them: it gets the
# tags asked for, and nobody waits for the daemon.
set -eu

mkdir -p "$HOME/.docker" "$OUTPUTS"
[ ! -f "$SITE/config.json" ] || cp "$SITE/config.json" "$HOME/.docker/"
commit=$(git -C "$SOURCE" rev-parse HEAD)
printf %s "$commit" >"$OUTPUTS/commit"

folders=$(for image in $IMAGES; do echo "${image#*=}"; done | sort -u)
built=$(mktemp -d) # for each folder that has its image: a file that names it

name_of() { printf %s "$1" | tr _/ --; }

dockerfile_of() { if [ -f "$SOURCE/models/$1/Dockerfile" ]; then echo "models/$1/Dockerfile"; else echo models/Dockerfile; fi; }

stage_of() { if [ -f "$SOURCE/models/$1/unit.lock" ]; then echo unit; else echo "$TARGET"; fi; }

packages_of() { # FOLDER: what tells its packages from those of another: its lock, or its name where it has none
  stage=$(stage_of "$1")
  git -C "$SOURCE" rev-parse --quiet --verify "HEAD:models/$1/${stage%er}.lock" || name_of "$1"
}

inputs_of() { # FOLDER: a tag made from the stage and from all that the Dockerfile can copy for this folder
  { printf '\t%s\n' "$(stage_of "$1")"; git -C "$SOURCE" ls-tree -r HEAD models/ .dockerignore; } | awk -F '\t' -v "own=models/$1/" '
    { line[NR] = $0; path[NR] = $2 }
    sub("/model.yaml$", "/", $2) && index(own, $2) != 1 && index($2, own) != 1 { others[$2] }
    END {
      for (n = 1; n <= NR; n++) {
        keep = 1
        for (folder in others) if (index(path[n], folder) == 1) keep = 0
        if (keep) print line[n]
      }
    }' | sha256sum | cut -c 1-24 | sed s/^/inputs-/
}

digest_of() { # IMAGE: its digest in the registry; nothing when it is not there
  docker manifest inspect --verbose "$1" 2>/dev/null | sed -n 's/.*"digest": "\(sha256:[0-9a-f]*\)".*/\1/p' | head -n 1
}

tag() { # IMAGE DIGEST TAG: in the registry, without a pull
  [ "$(digest_of "$1:$3")" != "$2" ] || return 0
  if docker buildx version >/dev/null 2>&1; then
    docker buildx imagetools create --tag "$1:$3" "$1@$2"
  else
    docker manifest create --amend "$1:$3" "$1@$2" && docker manifest push --purge "$1:$3"
  fi
}

look_up() { # FOLDER: its image, if it is there and takes its tags
  image=$REGISTRY/$(name_of "$1")-$(stage_of "$1")
  digest=$(digest_of "$image:$(inputs_of "$1")")
  [ -n "$digest" ] && tag "$image" "$digest" "$VERSION" && tag "$image" "$digest" "$commit" || return 0
  printf %s "$image@$digest" >"$built/$(name_of "$1")"
  echo "is unchanged"
}

build() { # FOLDER
  set -e
  folder=$1 name=$(name_of "$1") inputs=$(inputs_of "$1")
  stage=$(stage_of "$1") image=$REGISTRY/$name-$(stage_of "$1")
  # The tag `cache` is the last image of a stage, whatever its version: it is read, never run. Another stage's has
  # what both begin with.
  set --
  for other in trainer runtime unit; do set -- "$@" --cache-from "$REGISTRY/$name-$other:cache"; done
  for secret in pip.conf ca.crt; do
    [ ! -f "$SITE/$secret" ] || set -- "$@" --secret "id=$secret,src=$SITE/$secret"
  done
  docker build --progress plain --target "$stage" --build-arg "MODEL=$folder" --build-arg BUILDKIT_INLINE_CACHE=1 \
    "$@" --tag "$image:$inputs" --file "$SOURCE/$(dockerfile_of "$folder")" "$SOURCE"
  # Images of one lock have their largest layer in common. One after the other it is compressed once: the registry
  # has it already when it comes with the next.
  (
    flock 9
    # The tag of the inputs comes last: where it is, the others are.
    for tag in "$VERSION" "$commit" cache "$inputs"; do
      docker tag "$image:$inputs" "$image:$tag"
      docker push --quiet "$image:$tag"
    done
  ) 9>"$built/.pushes-$(packages_of "$folder")"
  # The last act: that the file is there means that all went well.
  docker image inspect "$image:$inputs" | grep -o "$image@sha256:[0-9a-f]*" | head -n 1 | tr -d '\n' >"$built/.$name"
  mv "$built/.$name" "$built/$name"
}

missing() { for folder in $folders; do [ -s "$built/$(name_of "$folder")" ] || printf ' %s' "$folder"; done; }

each() { # FUNCTION: for every folder without an image yet, side by side, each line after its name
  for folder in $(missing); do
    "$1" "$folder" 2>&1 | sed -u "s/^/$(name_of "$folder"): /" &
  done
  wait
}

each look_up
if [ -n "$(missing)" ]; then
  waited=0
  until docker info >/dev/null 2>&1; do
    [ "$waited" -lt "$WAIT" ] || { echo "The Docker daemon has not answered in $WAIT s." >&2; exit 42; }
    waited=$((waited + 1)); sleep 1
  done
  # They share one daemon, so what two images have in common is made once.
  each build
fi
for image in $IMAGES; do
  file=$built/$(name_of "${image#*=}")
  [ ! -s "$file" ] || cp "$file" "$OUTPUTS/${image%%=*}"
done
[ -z "$(missing)" ] || { echo "The $TARGET was not built for:$(missing). The lines above say why." >&2; exit 1; }
for folder in $folders; do echo "$(cat "$built/$(name_of "$folder")") is commit $commit"; done
