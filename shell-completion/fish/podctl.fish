# SPDX-License-Identifier: LGPL-2.1-or-later
#
# podctl itself knows what may come next: see src/cli/verbs/verb-complete.c.

function __podctl_complete
    set -l before (commandline --cut-at-cursor --tokenize --current-process)
    set -l word (commandline --cut-at-cursor --current-token)
    set -l option (string match --regex -- '^--[^=]*=' $word; or echo)
    set -l value (string replace --regex -- '^--[^=]*=' '' $word)

    for answer in (podctl complete $before[2..] $word 2>/dev/null)
        switch $answer
            case @files
                printf '%s\n' $option(__fish_complete_path $value)
            case @directories
                printf '%s\n' $option(__fish_complete_directories $value '')
            case '*'
                printf '%s\n' $answer
        end
    end
end

complete --command rkt --no-files --arguments '(__podctl_complete)'
complete --command podctl --no-files --arguments '(__podctl_complete)'
