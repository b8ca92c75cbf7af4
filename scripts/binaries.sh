#!/bin/sh
# Links the servers we test and demonstrate with into build/bin: from PATH where they are installed, else unpacked from
# Debian's packages into the cache folder, which needs no root and installs nothing.
set -eu
cd "$(dirname "$0")/.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kubernetes-issue-predictor
bin=$PWD/build/bin
mkdir -p "$bin" "$cache/debs" "$cache/debian" "$cache/apt/state/lists/partial" "$cache/apt/cache/archives/partial"

apt_get() {
    apt-get -q -o Dir::State="$cache/apt/state" -o Dir::State::status=/var/lib/dpkg/status -o Dir::Cache="$cache/apt/cache" "$@"
}

unpack() { # package: its files appear below $cache/debian/<package>
    [ -d "$cache/debian/$1" ] && return 0
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
    echo "setup: unpacking Debian's $1 into $cache"
    (cd "$cache/debs" && { apt-get -q download "$1" || { apt_get update && apt_get download "$1"; }; }) >"$cache/apt.log" 2>&1 || return 1
    dpkg-deb -x "$(ls "$cache/debs/$1"_*.deb | tail -n 1)" "$cache/debian/$1.part" && mv "$cache/debian/$1.part" "$cache/debian/$1"
}

# Debian's Alertmanager reads its default templates from /usr/share, where nothing is unless the package was installed.
# The unpacked copy gets a path of the same length below its own folder, and a wrapper that starts it there; flags that
# name files must then be absolute, as ours are.
relocate_alertmanager() {
    home=$cache/debian/prometheus-alertmanager/usr
    [ -x "$home/bin/alertmanager-relocated" ] || {
        LC_ALL=C sed 's#/usr/share/prometheus/alertmanager#.////share/prometheus/alertmanager#g' "$home/bin/prometheus-alertmanager" >"$home/bin/part"
        chmod +x "$home/bin/part" && mv "$home/bin/part" "$home/bin/alertmanager-relocated"
    }
    rm -f "$bin/prometheus-alertmanager"
    printf '#!/bin/sh\ncd "%s" && exec ./bin/alertmanager-relocated "$@"\n' "$home" >"$bin/prometheus-alertmanager"
    chmod +x "$bin/prometheus-alertmanager"
}

link() { # name in build/bin, package, names it goes by on PATH
    name=$1 package=$2
    [ -x "$bin/$name" ] && return 0
    shift 2
    for candidate in "$@"; do
        found=$(command -v "$candidate" || true)
        [ -n "$found" ] && { ln -sf "$found" "$bin/$name"; return 0; }
    done
    unpack "$package" && [ -x "$cache/debian/$package/usr/bin/$1" ] && { ln -sf "$cache/debian/$package/usr/bin/$1" "$bin/$name"; return 0; }
    echo "setup: no $name on PATH and Debian's package $package could not be unpacked (see $cache/apt.log);" >&2
    echo "       install $name yourself, or use the Docker way: docker compose up" >&2
    exit 1
}

link prometheus prometheus prometheus
link promtool prometheus promtool
link prometheus-alertmanager prometheus-alertmanager prometheus-alertmanager alertmanager
[ -L "$bin/prometheus-alertmanager" ] && [ "$(readlink "$bin/prometheus-alertmanager")" = "$cache/debian/prometheus-alertmanager/usr/bin/prometheus-alertmanager" ] &&
    [ ! -f /usr/share/prometheus/alertmanager/default.tmpl ] && relocate_alertmanager
link amtool prometheus-alertmanager amtool
link prometheus-node-exporter prometheus-node-exporter prometheus-node-exporter node_exporter

# docker-compose.yml is checked against the Compose specification, whose schema Debian's package carries.
schema=usr/lib/python3/dist-packages/compose/config/compose_spec.json
[ -e "$bin/compose_spec.json" ] || {
    unpack docker-compose && [ -f "$cache/debian/docker-compose/$schema" ] && ln -sf "$cache/debian/docker-compose/$schema" "$bin/compose_spec.json"
} || echo "setup: no Compose schema (Debian's docker-compose 1.29 carries it): make check will say so" >&2
