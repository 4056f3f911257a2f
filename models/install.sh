# The lock at /tmp/lock in, /venv with its packages out: a step of models/Dockerfile, which gives it the secrets.
set -eu
if [ -s /run/secrets/ca.crt ]; then export PIP_CERT=/run/secrets/ca.crt; fi
export PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
python -m venv /venv
# A lock names every package with its hash, so nothing is resolved here (--no-deps).
/venv/bin/pip install --quiet --no-compile --no-deps --use-pep517 --require-hashes -r /tmp/lock
/venv/bin/pip uninstall --quiet --yes pip
# Nobody compiles C++ in this image, and of TensorFlow it is a sixth.
find /venv \( -name '*.h' -o -name '*.hpp' \) -type f -delete
# By all processors, where pip takes one; what is no Python of this version stays as it is.
/venv/bin/python -m compileall -q -j 0 /venv/lib >/dev/null || true
