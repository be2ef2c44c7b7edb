# Sourced by the scripts that install what tests need from Debian's packages.

# Succeeds if these programs can be found.
found() {
    for program; do
        command -v "$program" > /dev/null || return 1
    done
}

# Installs packages, as root or with sudo, unless the caller's function `installed` succeeds. Succeeds if it does afterwards.
# Concurrent runs wait for each other.
install_packages() {
    installed && return 0
    found apt-get || return 1
    exec 9> "${TMPDIR:-/tmp}/pozi-tests-packages-$(id -u).lock"
    flock 9
    installed && return 0
    as_root=
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    export DEBIAN_FRONTEND=noninteractive
    # A service that a package starts must not hold the lock.
    $as_root apt-get -qq update 9>&-
    $as_root apt-get -qq install -y --no-install-recommends "$@" > /dev/null 9>&-
    installed
}
