# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The kernel and the disk of an emulated virtual machine. What runs in there is a service of its
# own that writes to the second serial port; the first one is the console.

VM_SECONDS=900

# The package Debian's newest kernel for clouds is in at the moment.
vm_kernel_package() {
        apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p'
}

vm_kernel_dir() {
        echo "$CACHE/kernels/$(vm_kernel_package)-$(key_of "$TOOLS/lib/vm.sh")"
}

# vmlinuz, initrd and the modules as they belong below /usr/lib. Made beside its place and renamed.
vm_build_kernel() {
        local dir new
        dir=$(vm_kernel_dir)
        rm -rf "$CACHE"/kernels/.new.??????
        drop_unused "$CACHE/kernels" "$dir"
        [[ ! -d $dir ]] || return 0
        new=$(mktemp -d "$CACHE/kernels/.new.XXXXXX")
        # Not as apt's own user, who may not write here.
        (cd "$new" && apt-get -qq -o APT::Sandbox::User=root download "$(vm_kernel_package)")
        dpkg -x "$new"/*.deb "$new/tree"
        rm "$new"/*.deb
        mv "$new"/tree/boot/vmlinuz-* "$new/vmlinuz"
        depmod --basedir "$new/tree" "$(ls "$new/tree/lib/modules")"
        vm_make_initrd "$new"
        mv "$new" "$dir"
}

# What it takes to find the disk, and no more.
vm_make_initrd() {
        local new=$1 release root=$1/initrd.tree module
        release=$(ls "$new/tree/lib/modules")
        mkdir -p "$root"/{bin,proc,dev,root,modules}
        cp /bin/busybox "$root/bin/busybox"
        for module in virtio_pci virtio_blk ext4; do
                modprobe --dirname "$new/tree" --set-version "$release" --show-depends "$module"
        done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$new/modules"
        {
                printf '#!/bin/busybox sh\n/bin/busybox mount -t devtmpfs dev /dev\n'
                while read -r module; do
                        cp "$module" "$root/modules/"
                        echo "/bin/busybox insmod /modules/${module##*/}"
                done <"$new/modules"
                printf 'until [ -e /dev/vda ]; do /bin/busybox sleep 0.1; done\n'
                printf '/bin/busybox mount -t ext4 /dev/vda /root\nexec /bin/busybox switch_root /root /sbin/init\n'
        } >"$root/init"
        chmod +x "$root/init"
        (cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) >"$new/initrd"
        rm -rf "$root" "$new/modules"
}

# vm_make_disk DISK DIR COMMAND…: a copy with the kernel's modules and the service that runs the command.
vm_make_disk() {
        local disk=$1 dir=$2
        shift 2
        cp --reflink=auto --sparse=always "$disk" "$dir/disk"
        mkdir "$dir/root"
        (
                printf '#!/bin/bash\nexec >/dev/ttyS1 2>&1 </dev/null\nexport HOME=/root LANG=C.UTF-8\n'
                printf 'stty -F /dev/ttyS1 raw -echo\n'
                printf '%q ' "$@"
                # The port is slow; what was not sent yet would be lost.
                printf '\nprintf "\\nvm-exit %%s\\n" $?\nsync\n'
                printf 'stty -F /dev/ttyS1 -a >/dev/null\nsleep 1\npoweroff -ff\n'
        ) >"$dir/command"
        chmod +x "$dir/command"
        # shellcheck disable=SC2016  # its own arguments
        unshare --mount --propagation private bash -euo pipefail -c '
                mount -o loop "$1/disk" "$1/root"
                cp -r "$2"/tree/lib/modules "$1/root/usr/lib/"
                [[ -e $1/root/sbin/modprobe ]] || cp /bin/busybox "$1/root/sbin/modprobe"
                mkdir -p "$1/root/var/lib/podctl-test-images"
                images=$1/root/var/lib/podctl-test-images
                [[ -z $3 ]] || cp -r "$3"/{busybox,debian,httpd}.oci "$images/"
                cp "$1/command" "$1/root/root/vm-command"
                cat >"$1/root/etc/systemd/system/vm-command.service" <<UNIT
[Unit]
After=multi-user.target
[Service]
ExecStart=/root/vm-command
[Install]
WantedBy=graphical.target multi-user.target
UNIT
                systemctl --root="$1/root" --quiet enable vm-command.service
                # No udev, so no device this could wait for.
                systemctl --root="$1/root" --quiet mask serial-getty@ttyS0.service
        ' - "$dir" "$(vm_kernel_dir)" "$("$TOOLS/images" --path 2>/dev/null || true)"
}

# Without cx16, which this emulator gets wrong now and then (the kernel panics in its allocator).
vm_boot() {
        local dir=$1 kernel status=1
        kernel=$(vm_kernel_dir)
        timeout --foreground "$VM_SECONDS" qemu-system-x86_64 \
                -accel tcg,thread=multi -smp 2 -cpu Nehalem,-cx16 -m 2048 \
                -display none -monitor none -no-reboot -nic none \
                -kernel "$kernel/vmlinuz" -initrd "$kernel/initrd" \
                -append 'console=ttyS0 root=/dev/vda rw panic=-1 quiet apparmor=1 security=apparmor' \
                -drive "file=$dir/disk,format=raw,if=virtio,cache=unsafe" \
                -serial "file:$dir/console" -serial stdio </dev/null |
                tr -d '\r' | tee "$dir/output" | grep -av '^vm-exit ' || true
        status=$(sed -n 's/^vm-exit \([0-9]*\)$/\1/p' "$dir/output")
        if [[ -z $status ]]; then
                tail -n 60 "$dir/console" >&2
                die "the virtual machine did not get as far as the end of the command"
        fi
        return "$status"
}
