#!/bin/sh
# Makes or upgrades Temporal's two databases; safe to repeat.
set -eu

tool() {
    name=$1
    shift
    temporal-sql-tool --plugin postgres12 --endpoint "$POSTGRES_SEEDS" --port "$DB_PORT" --user "$POSTGRES_USER" \
        --database "$name" "$@"
}

export SQL_PASSWORD="$POSTGRES_PWD"
for pair in temporal:temporal temporal_visibility:visibility; do
    database=${pair%%:*}
    # Both steps fail when they were done before; the upgrade after them tells whether all is well
    tool "$database" create-database 2>/dev/null || echo "$database exists"
    tool "$database" setup-schema --version 0.0 2>/dev/null || echo "$database has a schema"
    tool "$database" update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/${pair##*:}/versioned"
done
