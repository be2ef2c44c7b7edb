#!/bin/sh
# Runs a command in a sandbox of namespaces: with no network but loopback, and with its own /etc, /run, /srv, /usr,
# /var/cache, /var/lib and /var/log. Changes to these, and all processes, end with the command, so that the machine stays as it
# was and two runs at once do not see each other's package.
#
#   unshare --net --mount --pid --fork --kill-child --mount-proc machine.sh COMMAND…
set -eu
ip link set lo up
copy=$(mktemp -d)
mount -t tmpfs -o mode=755 tmpfs "$copy"
cp -a /etc/. "$copy/"
mount --move "$copy" /etc
rmdir "$copy"
layers=$HOME/layers
mkdir "$layers"
mount -t tmpfs tmpfs "$layers"
for folder in /usr /var/cache /var/lib; do
    mkdir -p "$layers$folder/upper" "$layers$folder/work"
    mount -t overlay -o "lowerdir=$folder,upperdir=$layers$folder/upper,workdir=$layers$folder/work" overlay "$folder"
done
for folder in /srv /run /var/log; do
    mount -t tmpfs -o mode=755 tmpfs "$folder"
done
mkdir -m 1777 /run/lock
mkdir /var/log/apt /var/log/nginx
exec "$@"
