#!/bin/sh
# Installs what runs the examples in Go, Java, PHP and Ruby. Succeeds if it is there.
set -u
. "$(dirname "$0")/../tools/debian.sh"
installed() {
    found go javac php ruby && [ -e /usr/share/java/jackson-databind.jar ] && php -m | grep -q curl &&
        ruby -rjwt -e "" 2> /dev/null
}
install_packages golang-go default-jdk-headless libjackson2-databind-java php-cli php-curl ruby ruby-jwt
