#!/bin/sh
# Makes the namespace, its retention and the search attributes; safe to repeat.
set -eu

namespace=$LIANDONG_TEMPORAL__NAMESPACE

if ! temporal operator namespace describe --namespace "$namespace" >/dev/null 2>&1; then
    temporal operator namespace create --namespace "$namespace" --retention "${RETENTION_DAYS:-365}d"
fi

known() { temporal operator search-attribute list --namespace "$namespace" 2>/dev/null | grep -qw "$1"; }

# A new namespace takes some seconds to be known to every part of the server
left=30
for pair in $SEARCH_ATTRIBUTES; do
    name=${pair%%=*}
    until known "$name"; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || { echo "search attribute $name could not be made" >&2; exit 1; }
        temporal operator search-attribute create --namespace "$namespace" --name "$name" --type "${pair##*=}" || sleep 1
    done
done
echo "namespace $namespace is ready"
