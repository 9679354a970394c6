#!/bin/sh
# Run once by the server's image, on an empty volume: the role that the migration logs in with.
# It may create databases and roles and is no superuser, as in the embedded start.
set -eu
password=$(cat /run/secrets/database_admin)
psql --set ON_ERROR_STOP=1 --set password="$password" --username "$POSTGRES_USER" <<'SQL'
CREATE ROLE baoxue_admin LOGIN CREATEDB CREATEROLE PASSWORD :'password';
ALTER ROLE baoxue_admin SET createrole_self_grant = 'set, inherit';
GRANT pg_monitor TO baoxue_admin;
SQL
