#!/bin/sh
# Installs what runs the examples in Go, Java, PHP and Ruby, from Debian's packages, as root or with sudo. Succeeds if it is
# there.
set -u
missing() {
    for program in go javac php ruby; do
        command -v "$program" > /dev/null || return 0
    done
    [ -e /usr/share/java/jackson-databind.jar ] || return 0
    php -m | grep -q curl || return 0
    ruby -rjwt -e "" 2> /dev/null || return 0
    return 1
}
missing || exit 0
command -v apt-get > /dev/null || exit 1
as_root=
[ "$(id -u)" = 0 ] || as_root="sudo -n"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get -qq update
$as_root apt-get -qq install -y --no-install-recommends golang-go default-jdk-headless libjackson2-databind-java php-cli php-curl ruby ruby-jwt > /dev/null
! missing
