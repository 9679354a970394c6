#!/bin/sh
# Gives each process its own keys and credentials and nobody else's: hand_out.sh FROM TO
#
# The migration makes all of them in one home. Each process mounts only its own folder below TO, at
# the path that the home had, so that a broken notify cannot read enrollment's keys.
set -eu
umask 077
from=$1
to=$2

copy() {
    if [ ! -r "$from/$1" ]; then
        echo "✗ 没有 $from/$1：migrate 没有做完，请看它的输出。" >&2
        exit 1
    fi
    mkdir -p "$(dirname "$to/$2/$1")"
    cp -p "$from/$1" "$to/$2/$1.new"
    mv "$to/$2/$1.new" "$to/$2/$1"
}

for service in enrollment casework notify audit; do
    copy "keys/$service.json" "$service"
    copy "secrets/$service.env" "$service"
done
copy secrets/sealer.env sealer
# Its key is rotated where it signs, and a second copy from here would undo that.
[ -e "$to/sealer/keys/sealer.json" ] || copy keys/sealer.json sealer
for process in gateway enrollment casework notify audit sealer; do
    copy "secrets/$process.signing.json" "$process"
    copy "secrets/jwks.json" "$process"
done
