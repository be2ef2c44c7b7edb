# Sourced by the scripts that install what tests need from Debian's packages.

# Succeeds if these programs can be found.
found() {
    for program; do
        command -v "$program" > /dev/null || return 1
    done
}

# Installs packages, as root or with sudo, unless the caller's function `installed` succeeds. Succeeds if it does afterwards.
install_packages() {
    installed && return 0
    found apt-get || return 1
    as_root=
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    export DEBIAN_FRONTEND=noninteractive
    $as_root apt-get -qq update
    $as_root apt-get -qq install -y --no-install-recommends "$@" > /dev/null
    installed || return 1
}
