#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What `make run` does: certificates, the webhook with the embedded configuration, and a command that tries it.
# Usage: run-local.sh BINARY [FLAG]...
set -euo pipefail

binary=$1
shift
listen=${RUN_LISTEN:-127.0.0.1:15017}
dir=build/run
mkdir -p "$dir"

if [ ! -s "$dir/tls.crt" ] || ! openssl x509 -in "$dir/tls.crt" -noout -checkend 86400 >/dev/null; then
	"$binary" certs create --out "$dir" --host 127.0.0.1 --host localhost >/dev/null
fi
cp tests/sample-review.json "$dir/review.json"

cat <<EOF
Serving with the embedded configuration; Ctrl-C ends it. To send it a pod and see the patch, in another terminal:

  curl -sS --cacert $PWD/$dir/ca.crt -H 'Content-Type: application/json' --data-binary @$PWD/$dir/review.json \\
    https://$listen/inject | sed -n 's/.*"patch":"\([^"]*\)".*/\1/p' | base64 -d

EOF
exec "$binary" serve --listen "$listen" --tls-cert "$dir/tls.crt" --tls-key "$dir/tls.key" --drain-delay 0s "$@"
