#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The shells' completions, as the shells would call them: test-completion.sh DIRECTORY-OF-PODCTL
# DIRECTORY-OF-COMPLETIONS. Prints TAP. Names of pods and images are not asked for here: that
# would look at this machine's.

set -u
PATH=$1:$PATH
shims=$2
n=0 failed=0

# report NAME GOT EXPECTED
report() {
        n=$((n + 1))
        if [[ $2 == "$3" ]]; then
                echo "ok $n - $1"
        else
                failed=$((failed + 1))
                printf 'not ok %d - %s\n# got:      %s\n# expected: %s\n' "$n" "$1" "$2" "$3"
        fi
}

skip() {
        n=$((n + 1))
        echo "ok $n - $1 # SKIP $2"
}

# bash_completes EXPECTED WORD…: the words as bash splits them, the last one being completed.
# Expected are the answers, sorted, and options of compopt in brackets.
bash_completes() {
        local expected=$1 line='' word
        shift
        for word; do
                [[ $line && $line != *[=:] && $word != [=:] ]] && line+=' '
                line+=$word
        done
        options=
        COMP_LINE=$line COMP_POINT=${#line} COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _podctl
        report "bash: $line" "$(printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd' ')$options" "$expected"
}

# As --help has them, whatever there is by now.
every_verb_and_option() {
        local verb option answers missing=''
        while read -r verb; do
                # shellcheck disable=SC2086  # a verb may be two words
                [[ " $(podctl complete $verb | paste -sd' ') " == *" ${verb##* } "* ]] ||
                        missing+=" $verb"
                # shellcheck disable=SC2086
                answers=$(podctl complete $verb --)
                # shellcheck disable=SC2086
                while read -r option; do
                        [[ $'\n'$answers == *$'\n'$option* ]] || missing+=" $verb:$option"
                done < <(podctl $verb --help | grep -oE '^ +(-., )?--[a-z0-9-]+' | grep -oE -- '--.*')
        done < <(podctl --help | sed -n '/^Commands/,/^$/s/^  \([a-z-]*\( [a-z-]*\)\?\)  .*/\1/p')
        report 'every verb and option of --help' "$missing" ''
}

test_bash() {
        # shellcheck source=/dev/null
        . "$shims/bash/podctl"
        options=
        compopt() { options+=" [${*: -1}]"; }

        bash_completes 'image' podctl im
        bash_completes 'cat-manifest export extract gc list push render rm tag untag verify' podctl image ''
        bash_completes 'list' podctl image l
        bash_completes '' podctl nonsense ''
        bash_completes '--wait --wait-ready' podctl status --wa
        bash_completes '--set-env-file= --set-env=' podctl run --set
        bash_completes '--hostname= [nospace]' podctl run --hostn
        bash_completes '--insecure-options= [nospace]' podctl --ins
        bash_completes 'all default default-restricted host none' podctl run --net =
        bash_completes 'host' podctl run --net = h
        bash_completes 'none' podctl run --net = n
        bash_completes 'json json-pretty' podctl list --format = j
        bash_completes 'desc' podctl image list --sort = size --order = d
        bash_completes 'a.tar a:b.tar [filenames]' podctl fetch a
        bash_completes 'a.tar a:b.tar d [filenames]' podctl run --pod-manifest ''
        bash_completes 'check' podctl ch
        bash_completes 'create' podctl cr
        bash_completes 'run run-prepared' podctl run
        bash_completes 'bash fish zsh' podctl completion ''
        bash_completes '--dry-run' podctl create --dry
        bash_completes '--overwrite' podctl export --ov
        bash_completes '--quiet' podctl prepare --qu
        bash_completes '--replace' podctl create --repl
        bash_completes 'a.tar a:b.tar [filenames]' podctl export some-pod a
        bash_completes 'd [filenames]' podctl image extract some-image ''
        bash_completes '' podctl exec some-pod ''
        bash_completes '' podctl create ''
        every_verb_and_option
}

test_zsh() {
        local shim=$shims/zsh/_podctl
        report 'zsh: syntax' "$(zsh -f -n "$shim" 2>&1)" ''
        # shellcheck disable=SC2016
        zsh_completes() {
                report "zsh: ${*:2}" "$(zsh -f -c '
                        compadd() { for a; do [[ $a == -* || $a == "" ]] || reply+=(${(P)a}); done }
                        compset() { return 0 }
                        _files() { reply+=(files) }
                        asked() {
                                local -a words=("$@") reply
                                local CURRENT=$# PREFIX=${@[-1]}
                                . '"$shim"'
                                print -- ${(o)reply}
                        }
                        asked "$@"' - "${@:2}" 2>&1)" "$1"
        }
        zsh_completes 'image' podctl im
        zsh_completes 'cat-manifest export extract gc list push render rm tag untag verify' podctl image ''
        zsh_completes '--hostname=' podctl run --hostn
        zsh_completes '--net=host' podctl run --net=h
        zsh_completes 'files' podctl fetch a
}

test_fish() {
        local shim=$shims/fish/podctl.fish
        report 'fish: syntax' "$(fish --no-config -n "$shim" 2>&1)" ''
        fish_completes() {
                report "fish: $2" "$(fish --no-config -c "source $shim; complete -C'$2'" 2>&1 |
                        cut -f1 | sort -u | paste -sd' ')" "$1"
        }
        fish_completes 'image' 'podctl im'
        fish_completes 'cat-manifest export extract gc list push render rm tag untag verify' 'podctl image '
        fish_completes '--hostname=' 'podctl run --hostn'
        fish_completes '--net=host' 'podctl run --net=h'
        fish_completes 'a.tar a:b.tar' 'podctl fetch a'
}

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export HOME=$work/home LC_ALL=C.UTF-8
mkdir "$work/files" "$HOME" && cd "$work/files" || exit 1
touch a.tar a:b.tar
mkdir d

for shell in bash zsh fish; do
        if command -v "$shell" >/dev/null; then
                "test_$shell"
        else
                skip "$shell" 'it is not installed'
        fi
done
echo "1..$n"
((failed == 0))
