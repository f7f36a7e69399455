# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# What images, pods and volumes take on the disk.
# On any systemd, the same.

. "$HERE/lib-servers.sh"

fetch busybox.oci

# df_of TYPE FILTER [OPTION…]: a figure of that line.
df_of() {
        "${podctl:-podctl}" system df --verbose --format=json "${@:3}" |
                jq -r --arg type "$1" ".[] | select(.type == \$type) | $2"
}

test_df_of_images() {
        local podctl=own one two sum
        assert_eq "$(df_of images '.total, .active, .size, .reclaimable' | xargs)" '0 0 0 0'
        assert_eq "$(own system df --no-legend | xargs)" \
                'Images 0 0 0B 0B Pods 0 0 0B 0B Volumes 0 0 0B 0B Build cache 0 0 0B 0B'
        random_layout one latest 2 1000
        one=$(own fetch --full --name=one:1 "$PWD/one")
        # The same layers and one more.
        cp -a one two
        mkdir more
        head -c 500000 /dev/urandom >more/file
        umoci insert --image two:latest more /more
        umoci gc --layout two
        two=$(own fetch --full --name=two:1 "$PWD/two")
        assert_eq "$(df_of images '.total, .active, .reclaimable' | xargs)" '2 0 0'
        # Shared layers count once.
        sum=$(df_of images '.size')
        assert_eq "$(df_of images '[.items[].unique] + [.items[0].shared] | add')" "$sum"
        assert_eq "$(df_of images '.items[0].shared == .items[1].shared')" true
        assert_eq "$(df_of images '.items[0].unique')" 0
        assert_eq "$(df_of images '.items[0] | .size == .shared + .unique, (.names | join(" ")), .id' | xargs)" \
                "true one:1 $one"
        test "$(df_of images '.items[1].unique')" -ge 1000000 # the file, and its archive
        # What is old goes with the next collection, and what that frees is what was said.
        touch -d '2 days ago' "data/images/manifests/$two"
        assert_eq "$(df_of images '.reclaimable == .items[1].unique')" true
        assert_eq "$(own image list --no-legend | wc -l)" 2
        test -e "data/images/manifests/$two"
        own image gc
        assert_eq "$(df_of images '.size == .items[0].size, .total, .reclaimable' | xargs)" 'true 1 0'
        # An interrupted transfer.
        head -c 65536 /dev/urandom >data/images/partial/x
        assert_eq "$(df_of images '.size - .items[0].size >= 65536')" true
}

test_df_of_pods_and_volumes() {
        local before size uuid
        defer podctl volume rm --force dfdata
        before=$(df_of images .active)
        pod written --volume=dfdata,kind=named busybox --name=app --user=0 --mount=volume=dfdata,target=/vault \
                --exec=/bin/sh -- -c 'head -c 30000000 /dev/urandom >/file; ln /file /twin; ln -s /proc /link
                        head -c 1000000 /dev/urandom >/vault/file; touch /vault/ready; exec sleep 1000'
        wait_until test -e /var/lib/podctl/volumes/dfdata/data/ready
        uuid=$(podctl status --format=json written | jq -r .name)
        assert_eq "$(df_of pods '.items[] | select(.name == "written") | .state, .reclaimable' | xargs)" 'running false'
        size=$(df_of pods '.items[] | select(.name == "written").size')
        # Two names are one file; the journal has its share, but neither the volume nor the image is in it.
        test "$size" -ge 30000000 && test "$size" -lt 55000000
        test "$(df_of pods .active)" -ge 1
        assert_eq "$(df_of volumes '.items[] | select(.name == "dfdata") | .pods[], .size >= 1000000' | xargs)" \
                'written true'
        assert_eq "$(df_of volumes .reclaimable)" 0
        assert_contains "$(df_of images '.items[] | select(.pods | index("written")) | .names[]')" busybox
        assert_contains "$(podctl system df --verbose)" dfdata
        # One that has ended long ago is what gc would remove, and df does not.
        end_pod written
        assert_eq "$(df_of pods '.items[] | select(.name == "written").reclaimable')" false
        touch -d '2 days ago' "$(echo /var/lib/podctl/pods/*/"$uuid")/exit"
        assert_eq "$(df_of pods '.items[] | select(.name == "written").reclaimable')" true
        test "$(df_of pods .reclaimable)" -ge 30000000
        test -e "$(echo /var/lib/podctl/pods/*/"$uuid")/pod"
        podctl gc
        assert_eq "$(df_of pods '.items[] | select(.name == "written").name')" ''
        assert_eq "$(df_of volumes '.items[] | select(.name == "dfdata").pods | length')" 0
        test "$(df_of images .active)" -le "$((before + 1))"
}

# A size that nobody knows is left out, and so is the sum.
test_df_of_a_deep_tree() {
        local podctl=own
        own volume create deep
        mkdir -p "data/volumes/deep/data/$(printf 'd/%.0s' {1..70})"
        assert_eq "$(df_of volumes '.items[0] | has("size")')" false
        assert_eq "$(df_of volumes 'has("size")')" false
        assert_eq "$(own system df --no-legend | awk '$1 == "Volumes" { print $4 }')" -
}
