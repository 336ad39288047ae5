import type { DefinitionFile } from "./definitions.ts";

/**
 * The script by which Geneva's other containers wait for a service, from a folder that they mount. It is a shell script that
 * uses wget or curl, since those containers have other base images and cannot run this program.
 */
export const serviceHealthyScript: DefinitionFile = {
  name: "consul-svc-healthy.sh",
  content: `#!/bin/sh
# usage: consul-svc-healthy.sh SERVICE
# Exit code 0 when every check of the service passes, 2 when not, 1 for wrong usage.
case $1 in
'' | *[!A-Za-z0-9._-]*)
  echo "usage: consul-svc-healthy.sh SERVICE" >&2
  exit 1
  ;;
esac
url=\${EDGEX_CONSUL_URL:-http://edgex-core-consul:8500}/v1/health/checks/$1
if command -v wget >/dev/null 2>&1; then
  answer=$(wget -q -T 5 -O - "$url")
else
  answer=$(curl -sSf -m 5 "$url")
fi || {
  echo "$url does not answer" >&2
  exit 2
}
case $(printf %s "$answer" | tr -d ' \\t\\r\\n') in
*'"Status":"critical"'*) echo critical && exit 2 ;;
*'"Status":"warning"'*) echo warning && exit 2 ;;
*'"Status":"passing"'*) echo passing && exit 0 ;;
esac
echo "$1 has no checks" >&2
exit 2
`,
};
