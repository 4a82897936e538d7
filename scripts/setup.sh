# Sourced by the other scripts: finds what they need, and installs what is missing where that is allowed.

set -euo pipefail
here=$PWD # the caller's folder; the scripts' own is the project's
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '%s\n' "$*" >&2; }

# asks_for_help ARGUMENT ...: whether that is all that is asked for, so that nothing needs to be there.
asks_for_help() { [[ " $* " == *" --help "* || " $* " == *" -h "* ]]; }

# become_python PROGRAM ARGUMENT ...: what the arguments name is where the caller is.
become_python() {
    local program=$PWD/$1
    shift
    cd "$here"
    exec python3 "$program" "$@"
}

# The Swift toolchain cannot be installed from Debian; say where it comes from.
need_swift() {
    if ! command -v swift >/dev/null; then
        say "Swift is missing: install 6.3 or later from https://www.swift.org/install/linux/ and put it on PATH."
        exit 1
    fi
    local version
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
    if [ "$(printf '6.3\n%s\n' "$version" | sort -V | head -n 1)" != 6.3 ]; then
        say "Swift $version is too old: Martinet needs 6.3 or later from https://www.swift.org/install/linux/."
        exit 1
    fi
}

# need_packages PROBE=PACKAGE ...: a probe is a command, or a file if it begins with a slash.
need_packages() {
    find_missing "$@"
    [ ${#missing[@]} -gt 0 ] || return 0
    may_install || { say "Missing: ${missing[*]}. Install them and run this again; on Debian: sudo ${install[*]}"; exit 1; }
    install_missing
}

# want_packages PROBE=PACKAGE ...: the same, but what cannot be installed is done without.
want_packages() {
    find_missing "$@"
    [ ${#missing[@]} -gt 0 ] || return 0
    may_install || { say "Missing, and done without: ${missing[*]}; on Debian: sudo ${install[*]}"; return 0; }
    install_missing || say "Not all could be installed of: ${missing[*]}"
}

# Sets `missing`, the packages whose probes are not there, and `install`, the command that installs them.
find_missing() {
    local pair
    missing=()
    for pair in "$@"; do
        case "$pair" in
            /*) [ -e "${pair%%=*}" ] || missing+=("${pair#*=}") ;;
            *) command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}") ;;
        esac
    done
    install=(apt-get install -y --no-install-recommends "${missing[@]}")
}

may_install() {
    as_root=()
    if [ "$(id -u)" != 0 ]; then as_root=(sudo -n); fi
    command -v apt-get >/dev/null && "${as_root[@]}" true 2>/dev/null
}

install_missing() {
    say "Installing with apt-get: ${missing[*]}"
    "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=300 update -qq >&2
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" "${install[@]}" -qq -o DPkg::Lock::Timeout=300 >&2
}

# What compiling takes.
need_build() {
    need_swift
    need_packages /usr/include/openssl/ssl.h=libssl-dev pkg-config=pkg-config git=git \
        /usr/include/zlib.h=zlib1g-dev /usr/include/brotli/encode.h=libbrotli-dev /usr/include/crypt.h=libcrypt-dev \
        /usr/include/qrencode.h=libqrencode-dev /usr/include/yaml.h=libyaml-dev
}
