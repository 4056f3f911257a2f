# A source tree in, pushed images and their digests out: runs in docker:cli beside a Docker daemon.
# Environment: MODELS, folders below models/; TARGET, stage of the Dockerfile; REGISTRY, VERSION; the folders
# SOURCE, OUTPUTS, and SITE: config.json, pip.conf, ca.crt, where they are needed; WAIT, seconds.
# An image whose inputs have not changed is in the registry already, under a tag made from them: it gets the
# tags asked for, and nobody waits for the daemon.
set -eu

mkdir -p "$HOME/.docker" "$OUTPUTS"
[ ! -f "$SITE/config.json" ] || cp "$SITE/config.json" "$HOME/.docker/"
commit=$(git -C "$SOURCE" rev-parse HEAD)
printf %s "$commit" >"$OUTPUTS/commit"

name_of() { printf %s "$1" | tr _ -; }

inputs_of() { # MODEL: a tag made from the stage and from all that the Dockerfile can copy for this model
  { echo "$TARGET"; git -C "$SOURCE" ls-tree HEAD models/ .dockerignore; } |
    awk -v own="models/$1" '$2 != "tree" || $4 == own' | sha256sum | cut -c 1-24 | sed s/^/inputs-/
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

look_up() { # MODEL: its output, if the image is there and takes its tags
  image=$REGISTRY/$(name_of "$1")-$TARGET
  digest=$(digest_of "$image:$(inputs_of "$1")")
  [ -n "$digest" ] && tag "$image" "$digest" "$VERSION" && tag "$image" "$digest" "$commit" || return 0
  printf %s "$image@$digest" >"$OUTPUTS/$(name_of "$1")"
  echo "is unchanged"
}

build() { # MODEL
  set -e
  model=$1 image=$REGISTRY/$(name_of "$1")-$TARGET inputs=$(inputs_of "$1")
  # The tag `cache` is the last image of this target, whatever its version: it is read, never run.
  set -- --cache-from "$image:cache"
  for secret in pip.conf ca.crt; do
    [ ! -f "$SITE/$secret" ] || set -- "$@" --secret "id=$secret,src=$SITE/$secret"
  done
  docker build --progress plain --target "$TARGET" --build-arg "MODEL=$model" --build-arg BUILDKIT_INLINE_CACHE=1 \
    "$@" --tag "$image:$inputs" --file "$SOURCE/models/Dockerfile" "$SOURCE"
  # The tag of the inputs comes last: where it is, the others are.
  for tag in "$VERSION" "$commit" cache "$inputs"; do
    docker tag "$image:$inputs" "$image:$tag"
    docker push --quiet "$image:$tag"
  done
  # The last act: that the file is there means that all went well.
  docker image inspect "$image:$inputs" | grep -o "$image@sha256:[0-9a-f]*" | head -n 1 | tr -d '\n' >"/tmp/$model"
  mv "/tmp/$model" "$OUTPUTS/$(name_of "$model")"
}

missing() { for model in $MODELS; do [ -s "$OUTPUTS/$(name_of "$model")" ] || printf ' %s' "$model"; done; }

each() { # FUNCTION: for every model without an output yet, side by side, each line after the model's name
  for model in $(missing); do
    "$1" "$model" 2>&1 | sed -u "s/^/$(name_of "$model"): /" &
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
[ -z "$(missing)" ] || { echo "The $TARGET was not built for:$(missing). The lines above say why." >&2; exit 1; }
for model in $MODELS; do echo "$(cat "$OUTPUTS/$(name_of "$model")") is commit $commit"; done
