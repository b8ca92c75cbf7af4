#!/bin/sh
# Links Chromium, in which the pages are tested and photographed, into build/bin: from PATH where it is installed, else
# unpacked from Debian's packages into the cache folder together with all it needs that this machine has not. That takes
# no root and installs nothing.
set -eu
cd "$(dirname "$0")/.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kubernetes-issue-predictor
bin=$PWD/build/bin
home=$cache/debian/chromium
mkdir -p "$bin" "$cache/debian" "$cache/apt/state/lists/partial" "$cache/apt/chromium/archives/partial"

works() { [ -x "$1" ] && "$1" --version >/dev/null 2>&1; }

fetch() { # Chromium, one font, and whatever of their dependencies is not installed: below $home
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
    set -- -q -o Dir::State="$cache/apt/state" -o Dir::State::status="${DPKG_STATUS:-/var/lib/dpkg/status}" \
        -o Dir::Cache="$cache/apt/chromium" -o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un)"
    echo "setup: unpacking Debian's chromium into $cache (about 100 MB the first time)"
    {
        apt-get "$@" update &&
            apt-get "$@" -y --no-install-recommends --download-only install chromium fonts-dejavu-core
    } >"$cache/apt.log" 2>&1 || return 1
    rm -rf "$home.part"
    for package_file in "$cache"/apt/chromium/archives/*.deb; do
        dpkg-deb -x "$package_file" "$home.part" || return 1
    done
    rm -f "$cache"/apt/chromium/archives/*.deb
    printf '<fontconfig><dir>%s</dir><dir>/usr/share/fonts</dir><cachedir>%s</cachedir></fontconfig>\n' \
        "$home/usr/share/fonts" "$cache/fontconfig" >"$home.part/fonts.conf"
    mv "$home.part" "$home"
}

wrap() { # Debian's own start script reads /etc and /usr; the unpacked program needs its libraries and fonts named
    libraries=$(find "$home" -name '*.so*' -exec dirname {} + | sort -u | tr '\n' ':')
    {
        printf '#!/bin/sh\nexport LD_LIBRARY_PATH="%s"\n' "${libraries%:}"
        [ -e /etc/fonts/fonts.conf ] || printf 'export FONTCONFIG_FILE="%s"\n' "$home/fonts.conf"
        printf 'exec "%s" "$@"\n' "$home/usr/lib/chromium/chromium"
    } >"$bin/chromium.part"
    chmod +x "$bin/chromium.part" && mv "$bin/chromium.part" "$bin/chromium"
}

works "$bin/chromium" && exit 0
rm -f "$bin/chromium" # build/bin is on PATH too, and must not be found there
for candidate in chromium chromium-browser google-chrome; do
    found=$(command -v "$candidate" || true)
    works "$found" && { ln -sf "$found" "$bin/chromium"; exit 0; }
done
[ -d "$home" ] || fetch || {
    echo "setup: no chromium on PATH, nor in Debian's packages (see $cache/apt.log); install it yourself" >&2
    exit 1
}
wrap
works "$bin/chromium" || { "$bin/chromium" --version || true; echo "setup: the chromium in $home does not start" >&2; exit 1; }
