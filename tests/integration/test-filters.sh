# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# nspawn's own system call filters, recorded from the first pod of a kind and loaded into the others: they are the same,
# and what is not known to be is not loaded.

FILTERS=/var/tmp/podctl-build/tests/integration/filters
RECORDS=/run/podctl/filters

fetch busybox.oci

# start_sleeper NAME OPTION…
start_sleeper() {
        defer end_pod "$1"
        podctl run --detach --name="$1" "${@:2}" busybox --exec=/bin/sleep -- 1000 >/dev/null
}

# filters_of POD: as the kernel has them.
filters_of() { "$FILTERS" "$(leader "$1")"; }

# The record of the kind that is in use here, after a directory was emptied.
only_record() {
        local records=("$RECORDS"/*)
        ((${#records[@]} == 1)) || fail "${#records[@]} records"
        printf '%s\n' "${records[0]}"
}

# The environment that podctl gave it.
nspawn_of() { tr '\0' '\n' <"/proc/$(systemctl show -P MainPID "$(pod_unit "$1")")/environ"; }

# Others may run pods at the same time on this host; not while tests of this file run.
forget_records() { rm -rf "$RECORDS"; }

# Without the files that nspawn consists of, whose order may be another one.
programs_in() { tail -c +$((32 + 64 * 256 + 1)) "$1"; }

# forge_record FILE [stale]: adds a program that allows everything to a record, by which it can be told from nspawn's
# own, and a checksum that fits. A stale one is of another size of nspawn, too.
forge_record() {
        python3 - "$1" "${2-}" <<'PYTHON'
import struct, sys
path, source = sys.argv[1], sys.argv[2]
data = bytearray(open(path, "rb").read())
n_sources, n_programs, n = struct.unpack_from("=III", data, 16)
at = 32 + 64 * 256 + 16 * 8
lengths = [struct.unpack_from("=II", data, 32 + 64 * 256 + 8 * i)[1] for i in range(n_programs)]
# One instruction that allows all, as a program of its own.
struct.pack_into("=II", data, 32 + 64 * 256 + 8 * n_programs, 0, 1)
struct.pack_into("=HBBI", data, at + 8 * n, 0x06, 0, 0, 0x7fff0000)
struct.pack_into("=III", data, 16, n_sources, n_programs + 1, n + 1)
if source:
    size, = struct.unpack_from("=Q", data, 32 + 16)
    struct.pack_into("=Q", data, 32 + 16, size + 1)
total = 0xcbf29ce484222325
for word, in struct.iter_unpack("=Q", bytes(data[16:])):
    total = ((total ^ word) * 0x100000001b3) & (2**64 - 1)
struct.pack_into("=Q", data, 8, total)
open(path, "r+b").write(data)
PYTHON
}

number_of_filters() { awk '$1 == "Seccomp_filters:" { print $2 }' "/proc/$(leader "$1")/status"; }

# recorded_and_loaded WHAT OPTION…: the pod that records has what nspawn made, since nothing else is there.
recorded_and_loaded() {
        forget_records
        start_sleeper first "${@:2}"
        filters_of first >"$1.recorded"
        [[ -s $1.recorded ]]
        only_record >/dev/null
        start_sleeper second "${@:2}"
        filters_of second >"$1.loaded"
        cmp "$1.recorded" "$1.loaded"
        only_record >/dev/null
        # Not by chance: this one was started without nspawn's own.
        nspawn_of second | grep -x SYSTEMD_SECCOMP=0
        end_pod first
        end_pod second
}

test_filters_are_the_same() {
        recorded_and_loaded plain
        recorded_and_loaded no-network --net=none
        recorded_and_loaded no-users --private-users=no
        recorded_and_loaded host-network --net=host
        recorded_and_loaded no-paths --private-users=no --insecure-options=paths
}

# Kinds that may differ in what they allow, by what nspawn is told, do not share a record, also where its version makes
# the same filter for both.
test_filters_of_kinds() {
        forget_records
        start_sleeper first --net=host
        start_sleeper second --net=none
        assert_eq "$(find "$RECORDS" -type f | wc -l)" 2
}

test_filters_of_many_at_once() {
        local i
        forget_records
        for i in 1 2 3 4 5 6; do
                defer end_pod "many-$i"
                podctl run --detach --name="many-$i" busybox --exec=/bin/sleep -- 1000 >/dev/null &
        done
        wait
        for i in 1 2 3 4 5 6; do
                filters_of "many-$i" >"filters-$i"
                cmp filters-1 "filters-$i"
        done
        only_record >/dev/null
}

test_records_are_of_root_alone() {
        forget_records
        start_sleeper first
        assert_eq "$(stat -c '%U %a' "$RECORDS" "$(only_record)")" $'root 700\nroot 600'
        end_pod first

        # A directory that others can enter is not used, and not changed either.
        chmod 755 "$RECORDS"
        forge_record "$(only_record)"
        start_sleeper second
        assert_eq "$(number_of_filters second)" "$(grep -c ' 0: ' <(filters_of second))"
        ! nspawn_of second | grep -x SYSTEMD_SECCOMP=0 || fail 'the filter was loaded again'
        forget_records
}

# A forged record shows that a record is used at all; and that a stale one, which differs in the identity of nspawn
# alone, is not, but is replaced.
test_stale_record_is_not_loaded() {
        local usual
        forget_records
        start_sleeper first
        usual=$(number_of_filters first)
        forge_record "$(only_record)"
        start_sleeper second
        assert_eq "$(number_of_filters second)" $((usual + 1))
        forge_record "$(only_record)" stale
        start_sleeper third
        assert_eq "$(number_of_filters third)" "$usual"
        cmp <(filters_of first) <(filters_of third)
        start_sleeper fourth
        cmp <(filters_of first) <(filters_of fourth)
}

# damaged COMMAND…: it damages the file that it gets as its last word. A pod that starts afterwards has the filters of
# nspawn, and records them again.
damaged() {
        "$@" "$(only_record)"
        start_sleeper damaged
        cmp usual <(filters_of damaged)
        cmp <(programs_in record) <(programs_in "$(only_record)")
        end_pod damaged
}

overwrite() { printf '\1\2\3\4\5\6\7\10' | dd of="$2" bs=1 seek="$1" conv=notrunc status=none; }

test_damaged_record_is_not_loaded() {
        local at
        forget_records
        start_sleeper first
        filters_of first >usual
        cp "$(only_record)" record
        end_pod first
        for at in 0 8 16 24 32 40 300 16416 16424 16544 20000 82000; do
                damaged overwrite "$at"
        done
        damaged truncate --size=0
        damaged truncate --size=40000
        damaged truncate --size=100000
        damaged cp /dev/null
}

# Whoever comes first ends, or is killed, before its record is whole: the next one starts over.
test_record_of_a_killed_pod() {
        forget_records
        start_sleeper first
        cp "$(only_record)" whole
        end_pod first
        truncate --size=0 "$(only_record)"
        truncate --size=82080 "$(only_record)"
        start_sleeper second
        cmp <(programs_in whole) <(programs_in "$(only_record)")
}

# The library that loads them is one of the files that a record is of.
test_filters_without_the_library() {
        local keep=/usr/lib/podctl/nspawn-keep.so
        forget_records
        start_sleeper first
        defer mv "$PWD/keep" "$keep"
        mv "$keep" keep
        start_sleeper second
        cmp <(filters_of first) <(filters_of second)
}
