#!/bin/sh
# Becomes the command; a service first reads the credentials that the migration wrote for it.
set -eu

case "${3:-}" in
services.*)
    credentials="$BAOXUE_HOME/secrets/${3##*.}.env"
    if [ ! -r "$credentials" ]; then
        echo "✗ 没有 $credentials：请先完成 migrate 与 hand-out(docker compose up 会依次进行)。" >&2
        exit 1
    fi
    # Word for word: a shell that ran the file would read & and $ in an address as its own.
    while IFS= read -r line; do
        [ -z "$line" ] || export "$line"
    done <"$credentials"
    ;;
esac

exec "$@"
