# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What can be said about the tree by reading it. Each lint_* is one test: it prints what it finds and fails. `columns`,
# test of lines that are too long, is among the unit tests (tests/docs/test-columns.py).

# shellcheck disable=SC2034  # for tools/test
LINTS=(scripts words pages code)

# tracked [PATHSPEC…]: text that people wrote. What tests are fed with has its mistakes on purpose.
tracked() {
        git -c safe.directory='*' -C "$SOURCE" ls-files -z --cached --others --exclude-standard -- "$@" \
                ':!tests/data' ':!tests/fuzz/corpus' |
                while IFS= read -rd '' file; do
                        [[ ! -f $SOURCE/$file ]] || printf '%s\0' "$file"
                done
}

# Scripts by their first line, as most have no ending: bash, or a part that says so to shellcheck.
shell_scripts() {
        local file
        tracked | while IFS= read -rd '' file; do
                case $file in
                *.sh | shell-completion/bash/*) ;;
                *) head -n 1 "$SOURCE/$file" | grep -qE '^#!.*[/ ](ba)?sh\b' ||
                        grep -qx '# shellcheck shell=bash' <(head -n 5 "$SOURCE/$file") || continue ;;
                esac
                printf '%s\0' "$file"
        done
}

# What stands behind a ! ends no script under set -e, whatever it returns, unless it is the end of a function.
idle_negations() {
        (cd "$SOURCE" && awk '
                FNR == 1 { line = "" }
                line != "" && !/^ *}/ { print line; found = 1 }
                { line = /^ +! / && !/\|\||&&|\\$/ ? FILENAME ":" FNR ": cannot fail; add || fail" : "" }
                END { exit found }' tests/integration/*.sh tests/integration/outside/*.sh)
}

lint_scripts() {
        idle_negations && shell_scripts | (cd "$SOURCE" && xargs -0 -n 8 -P "$(nproc)" shellcheck)
}

# .codespellrc has the words that are right.
lint_words() {
        tracked | (cd "$SOURCE" && xargs -0 codespell)
}

# groff's warnings, but for those of lines that cannot be justified, as in narrow tables. man ends with 0 however many
# there are.
lint_pages() {
        local page status=0
        for page in "$SOURCE"/build/man/*.[1-8]; do
                ! MANWIDTH=80 LC_ALL=C.UTF-8 man --warnings --encoding=UTF-8 --local-file \
                        --troff-device=utf8 --ditroff "$page" 2>&1 >/dev/null |
                        grep -v "can't break line\|cannot adjust line" || status=1
        done
        return $status
}

# .clang-tidy has the checks. A compiler's own warnings are part of the build.
lint_code() {
        jq -r '.[].file' "$SOURCE/build/compile_commands.json" | sort -u |
                (cd "$SOURCE/build" && xargs -n 10 -P "$(nproc)" clang-tidy --quiet -p . --extra-arg=-w 2>/dev/null)
}
