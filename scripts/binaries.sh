#!/bin/sh
# Links the servers we test and demonstrate with into build/bin: from PATH where they are installed and new enough, else
# unpacked from Debian's packages into the cache folder, which needs no root and installs nothing.
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
    for package_file in "$cache/debs/$1"_*.deb; do :; done # the last one is the newest
    dpkg-deb -x "$package_file" "$cache/debian/$1.part" && mv "$cache/debian/$1.part" "$cache/debian/$1"
}

fits() { # name, path: whether that program is there and new enough; our rules need keep_firing_for, of Prometheus 2.42
    [ -x "$2" ] || return 1
    case $1 in prometheus | promtool) ;; *) return 0 ;; esac
    version=$("$2" --version 2>&1 | sed -n 's/^[a-z]*, version v\{0,1\}\([0-9]\{1,\}\)\.\([0-9]\{1,\}\).*/\1 \2/p')
    [ -n "$version" ] || return 1
    [ "${version% *}" -gt 2 ] || { [ "${version% *}" -eq 2 ] && [ "${version#* }" -ge 42 ]; }
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

# The wrapper outlives the cache that it points into; a link would dangle, and be made anew.
drop_broken_wrapper() {
    wrapper=$bin/prometheus-alertmanager
    if [ -f "$wrapper" ] && [ ! -L "$wrapper" ]; then
        home=$(sed -n 's/^cd "\(.*\)" && exec .*/\1/p' "$wrapper")
        [ -x "$home/bin/alertmanager-relocated" ] || rm -f "$wrapper"
    fi
}

link() { # name in build/bin, package, names it goes by on PATH
    name=$1 package=$2
    fits "$name" "$bin/$name" && return 0
    rm -f "$bin/$name" # build/bin is on PATH too, and must not be found there
    shift 2
    for candidate in "$@"; do
        found=$(command -v "$candidate" || true)
        fits "$name" "$found" && { ln -sf "$found" "$bin/$name"; return 0; }
        [ -z "$found" ] || echo "setup: $found is older than 2.42; taking Debian's $package instead"
    done
    unpacked=$cache/debian/$package/usr/bin/$1
    unpack "$package" && fits "$name" "$unpacked" && { ln -sf "$unpacked" "$bin/$name"; return 0; }
    echo "setup: no $name on PATH that is new enough, nor in Debian's package $package (see $cache/apt.log);" >&2
    echo "       install $name yourself, or use the Docker way: docker compose up" >&2
    exit 1
}

link prometheus prometheus prometheus
link promtool prometheus promtool
drop_broken_wrapper
link prometheus-alertmanager prometheus-alertmanager prometheus-alertmanager alertmanager
if [ "$(readlink "$bin/prometheus-alertmanager" || true)" = "$cache/debian/prometheus-alertmanager/usr/bin/prometheus-alertmanager" ] &&
    [ ! -f /usr/share/prometheus/alertmanager/default.tmpl ]; then
    relocate_alertmanager
fi
link amtool prometheus-alertmanager amtool
link prometheus-node-exporter prometheus-node-exporter prometheus-node-exporter node_exporter

# docker-compose.yml is checked against the Compose specification, whose schema Debian's package carries.
schema=usr/lib/python3/dist-packages/compose/config/compose_spec.json
[ -e "$bin/compose_spec.json" ] || {
    unpack docker-compose && [ -f "$cache/debian/docker-compose/$schema" ] && ln -sf "$cache/debian/docker-compose/$schema" "$bin/compose_spec.json"
} || echo "setup: no Compose schema (Debian's docker-compose 1.29 carries it): make check will say so" >&2
