#!/bin/sh
# Runs a guest in gVisor: AUTHSTREAM_SANDBOX_COMMAND='/…/guest.sh RUNSC ROOT FOLDER… --'. ROOT is an
# empty folder of the worker's; gVisor makes empty folders in it, where the others are mounted.
# FOLDERS are what guests read beside the system's libraries and their own folder: the interpreter,
# the installed package authstream, and $XDG_CACHE_HOME/authstream where actions have packages.
set -eu
runsc=$1 root=$2
shift 2
volumes=
while [ "$1" != -- ]; do
  volumes="$volumes -volume $1"
  shift
done
shift
for path in /usr /lib /lib32 /lib64 /etc/ssl /etc/pki /etc/ld.so.cache "$PWD"; do
  [ ! -e "$path" ] || volumes="$volumes -volume $path"
done
# What a guest writes stays in memory.
# shellcheck disable=SC2086 # words on purpose: paths have no spaces
exec "$runsc" --network=none --ignore-cgroups do -quiet -root "$root" -cwd "$PWD" $volumes "$@"
