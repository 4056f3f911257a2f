# Locks in, /venv with their packages out: a step of models/Dockerfile, which gives it the secrets, and uv in /uv.
# A lock that is installed after another comes on top of it: each is a layer of its own.
set -eu
if [ -s /run/secrets/ca.crt ]; then export PIP_CERT=/run/secrets/ca.crt; fi
if [ "$1" = uv ]; then
  exec python -m pip install --quiet --no-cache-dir --disable-pip-version-check --root-user-action ignore \
    --require-hashes --target /uv -r "$2"
fi
# uv does not read pip's settings. Each package is known by its hash, so any index that has it will do.
pip_says() {
  python - "$1" "${PIP_CONFIG_FILE:-/etc/pip.conf}" <<'PYTHON'
import configparser, sys

key, file = sys.argv[1:]
settings = configparser.RawConfigParser(strict=False)
settings.read(file)
for section in ("install", "global"):
    found = {name.replace("_", "-"): value for name, value in settings.items(section)} if section in settings else {}
    if key in found:
        print(*found[key].split())
        break
PYTHON
}
uv_takes() { [ -z "$2" ] || export "$1=$2"; }
uv_takes UV_DEFAULT_INDEX "${PIP_INDEX_URL:-$(pip_says index-url)}"
uv_takes UV_INDEX "${PIP_EXTRA_INDEX_URL:-$(pip_says extra-index-url)}"
uv_takes UV_INSECURE_HOST "${PIP_TRUSTED_HOST:-$(pip_says trusted-host)}"
uv_takes ALL_PROXY "${PIP_PROXY:-$(pip_says proxy)}"
TMPDIR=$(mktemp -d)
trap 'rm -rf "$TMPDIR"' EXIT
# To uv such certificates are all that there are, to pip some more.
if [ -s /run/secrets/ca.crt ]; then
  cat "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" /run/secrets/ca.crt >"$TMPDIR/ca.crt"
  export SSL_CERT_FILE="$TMPDIR/ca.crt"
fi
export TMPDIR UV_INDEX_STRATEGY=unsafe-best-match UV_NO_CACHE=1 UV_HTTP_TIMEOUT=120
[ -d /venv ] || python -m venv --without-pip /venv
[ -s "$1" ] || exit 0
# A lock names every package with its hash, so nothing is resolved here (--no-deps).
/uv/bin/uv pip install --quiet --python /venv/bin/python --no-deps --require-hashes -r "$1"
# What nothing in an image asks for: headers (of TensorFlow a sixth) and libraries for programs in C, of which ONNX
# Runtime's Python module has a copy of its own, the packages' own tests, and tools.
find /venv -type f \( -name '*.h' -o -name '*.hpp' -o -name '*.a' -o -path '*/onnxruntime/capi/libonnxruntime.so.*' \) -delete
find /venv -type d \( -path '*/site-packages/*/tests' -o -path '*/site-packages/tests' -o -path '*/tornado/test' \
  -o -path '*/onnxruntime/transformers' -o -path '*/onnxruntime/tools' -o -path '*/onnxruntime/quantization' \
  -o -path '*/numpy/distutils' \) -prune -exec rm -rf {} +
# By all processors; what is no Python of this version stays as it is.
/venv/bin/python -m compileall -q -j 0 /venv/lib >/dev/null || true
