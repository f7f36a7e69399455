# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Debian packages: those of the machine, and where roots of other suites come from.

missing_packages() {
        local package
        for package; do
                dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
                        echo "$package"
        done
}

# Asks the network only if something is missing, so that a prepared machine works offline. One at
# a time: apt would not wait for another that fetches its lists.
install_missing() {
        (($(missing_packages "$@" | wc -l))) || return 0
        locked /run/podctl-apt.lock install_missing_now "$@"
}

install_missing_now() {
        local -a missing
        mapfile -t missing < <(missing_packages "$@")
        ((${#missing[@]})) || return 0
        need_root
        log "installing ${missing[*]}"
        export DEBIAN_FRONTEND=noninteractive
        apt-get -qq update
        apt-get -qq install --yes --no-install-recommends "${missing[@]}" >/dev/null
}

# apt_mirror [CODENAME]: the mirror this machine installs its own suite from, which serves the others as well, or that
# one.
apt_mirror() {
        local codename=${1-}
        # shellcheck source=/dev/null
        [[ $codename ]] || codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-sid}")
        # shellcheck disable=SC2016  # apt expands these
        apt-get indextargets --format '$(RELEASE) $(REPO_URI)' |
                awk -v c="$codename" '$1 == c { print $2; found = 1; exit } END { exit !found }' ||
                die "apt knows no mirror for $codename"
}

# The machine's own settings for reaching it: proxies, frozen mirrors.
apt_options() {
        apt-config dump --format '%F "%v";%n' |
                grep -E '^Acquire::(https?::|Retries|Check-)' | grep -v ' "";$' || true
}

# make_root SUITE TARGET [mmdebstrap option…]
make_root() {
        local suite=$1 target=$2 options
        shift 2
        options=$(mktemp)
        apt_options >"$options"
        local status=0
        mmdebstrap --quiet --variant=minbase --aptopt="$options" "$@" \
                "$suite" "$target" "$(apt_mirror)" || status=$?
        rm -f "$options"
        return $status
}

# download_for SUITE STATUS TARGET PACKAGE…: what installing these takes on a machine with that dpkg status, as files. A
# package is a name, a name with /SUITE, or a file; the files of packages that are files are not copied.
download_for() {
        local suite=$1 status=$2 target=$3 scratch mirror failed=0
        local -a options
        shift 3
        scratch=$(mktemp -d)
        mkdir -p "$scratch/lists/partial" "$scratch/archives/partial" "$target"
        apt_options >"$scratch/options"
        [[ $suite == *-security ]] && mirror=$(apt_mirror "$suite") || mirror=$(apt_mirror)
        echo "deb $mirror $suite main" >"$scratch/sources"
        options=(-q -q -c "$scratch/options" -o "Dir::Etc::SourceList=$scratch/sources" -o Dir::Etc::SourceParts=-
                -o "Dir::State::Lists=$scratch/lists" -o "Dir::State::Status=$status"
                -o "Dir::Cache::Archives=$scratch/archives" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
                -o Acquire::Check-Valid-Until=false -o Debug::NoLocking=1 -o APT::Sandbox::User=root)
        apt-get "${options[@]}" update >/dev/null &&
                apt-get "${options[@]}" --yes --no-install-recommends --allow-downgrades --download-only \
                        install "$@" >/dev/null || failed=1
        ((failed)) || find "$scratch/archives" -maxdepth 1 -name '*.deb' -exec mv -t "$target" {} +
        rm -rf "$scratch"
        return $failed
}

# download_upgrade SUITE STATUS TARGET PACKAGE…: the same, of packages that are to be that suite's, be they newer there
# or older.
download_upgrade() {
        local suite=$1 status=$2 target=$3
        shift 3
        download_for "$suite" "$status" "$target" "${@/%//$suite}"
}
