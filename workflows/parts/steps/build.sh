# A source tree in, pushed images and their digests out: runs in docker:cli beside a Docker daemon.
# Environment: MODELS, folders below models/; TARGET, stage of the Dockerfile; REGISTRY, VERSION; the folders
# SOURCE, OUTPUTS, and SITE: config.json, pip.conf, ca.crt, where they are needed; WAIT, seconds.
set -eu

waited=0
until docker info >/dev/null 2>&1; do
  [ "$waited" -lt "$WAIT" ] || { echo "The Docker daemon has not answered in $WAIT s." >&2; exit 42; }
  waited=$((waited + 1)); sleep 1
done

mkdir -p "$HOME/.docker" "$OUTPUTS"
[ ! -f "$SITE/config.json" ] || cp "$SITE/config.json" "$HOME/.docker/"
commit=$(git -C "$SOURCE" rev-parse HEAD)
printf %s "$commit" >"$OUTPUTS/commit"

build() { # MODEL OUTPUT
  image=$REGISTRY/$2-$TARGET
  # The tag `cache` is the last image of this target, whatever its version: it is read, never run.
  set -- "$1" "$2" --cache-from "$image:cache"
  for secret in pip.conf ca.crt; do
    [ ! -f "$SITE/$secret" ] || set -- "$@" --secret "id=$secret,src=$SITE/$secret"
  done
  model=$1 output=$2; shift 2
  docker build --progress plain --target "$TARGET" --build-arg "MODEL=$model" --build-arg BUILDKIT_INLINE_CACHE=1 \
    "$@" --tag "$image:$VERSION" --tag "$image:$commit" --tag "$image:cache" --file "$SOURCE/models/Dockerfile" "$SOURCE"
  for tag in "$VERSION" "$commit" cache; do docker push "$image:$tag"; done
  # The last act: that the file is there means that all went well.
  docker image inspect "$image:$VERSION" | grep -o "$image@sha256:[0-9a-f]*" | head -n 1 | tr -d '\n' >"$OUTPUTS/$output"
}

# Side by side: they share one daemon, so what two images have in common is made once.
for model in $MODELS; do
  name=$(printf %s "$model" | tr _ -)
  (build "$model" "$name") 2>&1 | sed "s/^/$name: /" &
done
wait
for model in $MODELS; do
  name=$(printf %s "$model" | tr _ -)
  [ -s "$OUTPUTS/$name" ] || { echo "The $TARGET of $name was not built; its lines above say why." >&2; exit 1; }
  echo "$(cat "$OUTPUTS/$name") is commit $commit"
done
