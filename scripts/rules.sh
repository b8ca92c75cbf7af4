#!/bin/sh
# Everything that Prometheus and Alertmanager will load, checked by their own tools: one line per check. promtool prints
# lint findings and still exits 0, so a check passes only when it exits 0 and its output names no finding.
set -u
cd "$(dirname "$0")/.." || exit 1

for tool in promtool amtool; do
    command -v "$tool" >/dev/null || { echo "rules: no $tool on PATH; make setup links it into build/bin" >&2; exit 1; }
done

failures=0
check() { # name, command...
    name=$1
    shift
    if output=$("$@" 2>&1) && ! printf '%s\n' "$output" | grep -qE 'FAILED|lint|duplicate|level=(warn|WARN)'; then
        echo "ok      $name"
    else
        echo "FAILED  $name"
        printf '%s\n' "$output" | sed 's/^/        /'
        failures=$((failures + 1))
    fi
}

check "prometheus.yml" promtool check config prometheus/prometheus.yml
for file in prometheus/rules/*.yml; do
    check "rules ${file##*/}" promtool check rules "$file"
done
for file in prometheus/tests/*.yml; do
    check "tests ${file##*/}" promtool test rules "$file"
done
check "alertmanager.yml" amtool check-config prometheus/alertmanager.yml

[ "$failures" -eq 0 ] || { echo "rules: $failures of the checks above failed" >&2; exit 1; }
