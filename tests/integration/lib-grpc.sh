# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# A client of services over gRPC.

GRPC_CALL=/var/tmp/podctl-build/tests/integration/grpc-call

# grpc_stay OPTION…: loads grpc-client once for all calls of this test, which have these options. It ends with the test.
grpc_resident=
grpc_stay() {
        [[ -x $GRPC_CALL ]] || return 0
        grpc_resident=$PWD
        "$HERE/grpc-client" "$@" --stay="$grpc_resident" </dev/null
}

# grpc WORD…: grpc-client, that which stays if there is one.
grpc() {
        if [[ $grpc_resident ]]; then
                "$GRPC_CALL" "$grpc_resident" "$@"
        else
                "$HERE/grpc-client" "$@"
        fi
}
