#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the manual pages show, as a script that does it: examples.py list|files PAGE, script PAGE [LINE…]
#
# A literal block is either
#   - commands, after "# " or "$ ", with lines that they print below them;
#   - a file, if the last comment before it is ".. file: PATH";
#   - neither, and then has to be among the LINEs (their first ones) that are left out, as is what shall not be run.
# "list" prints the first line of each block, "files" the paths of the files. In a page of Markdown each line of a block
# is a command. Of what commands print each line shown has to be there; digits of
# hashes and "…" stand for any. A command below which there is a line "podctl: …" has to fail.

import re
import shlex
import sys
import textwrap

PROMPT = re.compile(r'[#$] ')
FILE = re.compile(r'\.\. file: (\S+)$')

PRELUDE = r'''
examples=$(mktemp -d)
trap 'rm -rf "$examples"' EXIT
# ran STATUS FAILS COMMAND LINE…
ran() {
        local status=$1 fails=$2 command=$3 line
        shift 3
        cat "$out"
        if [[ $fails == yes && $status == 0 || $fails == no && $status != 0 ]]; then
                echo "'$command' ended with $status"
                exit 1
        fi >&2
        for line; do
                grep -qE -- "$line" "$out" || { echo "'$command' did not print '$line'" >&2; exit 1; }
        done
}
'''


def indented_blocks(lines):
    """Those of Markdown, whose commands have no prompts."""
    text = '\n'.join(lines)
    for block in re.findall(r'\n\n((?:    .*\n|\n(?=    ))+)', text + '\n'):
        lines = textwrap.dedent(block).strip('\n').splitlines()
        continued = [False] + [line.endswith('\\') for line in lines]
        yield None, [line if more else f'# {line}' for line, more in zip(lines, continued)]


def blocks(path):
    """The literal blocks: (path of the file they are of or None, lines)."""
    lines = open(path, encoding='utf-8').read().splitlines()
    if path.endswith('.md'):
        yield from indented_blocks(lines)
        return
    file_name, i = None, 0
    while i < len(lines):
        line = lines[i]
        i += 1
        if FILE.match(line.lstrip()):
            file_name = FILE.match(line.lstrip()).group(1)
        if not line.rstrip().endswith('::') or line.startswith('.. '):
            continue
        indent = len(line) - len(line.lstrip())
        begin = i
        while i < len(lines) and (not lines[i].strip() or len(lines[i]) - len(lines[i].lstrip()) > indent):
            i += 1
        block = textwrap.dedent('\n'.join(lines[begin:i])).strip('\n').splitlines()
        if block:
            yield file_name, block
            file_name = None


def commands(block):
    """(command, lines it prints) of a block of commands."""
    found = []
    open_ended = False
    for line in block:
        if open_ended:
            found[-1][0] += '\n' + line
        elif PROMPT.match(line):
            found.append([line[2:], []])
        elif line.strip():
            found[-1][1].append(line)
        open_ended = (open_ended or PROMPT.match(line)) and line.endswith('\\')
    return found


def pattern(line):
    """An extended regular expression for a line that is shown."""
    parts = re.split(r'[0-9a-f]*…|[0-9a-f]{8,}(?:-[0-9a-f-]{12,})?', line.strip())
    return '.*'.join(re.sub(r'([][().*+?^${}|\\])', r'\\\1', part) for part in parts)


def script_of(block):
    for command, shown in commands(block):
        fails = any(line.startswith('podctl: ') for line in shown)
        yield f'printf "+ %s\\n" {shlex.quote(command)}'
        yield 'status=0'
        # Not in a shell of its own, so that variables stay; the last command of it is what counts.
        yield f'set +e; out=$(mktemp "$examples/XXXXXX"); {{ {command}\n}} >"$out" 2>&1 </dev/null; status=$?; set -e'
        yield ' '.join(['ran', '$status', 'yes' if fails else 'no', shlex.quote(command),
                        *(shlex.quote(pattern(line)) for line in shown)])


def write_file(path, block):
    name = shlex.quote(path)
    yield f'printf "+ writing %s\\n" {name}'
    yield f'mkdir -p "$(dirname {name})"'
    yield f"cat >{name} <<'END-OF-EXAMPLE'"
    yield from block
    yield 'END-OF-EXAMPLE'


def script(path, left_out):
    left_out = set(left_out)
    print(PRELUDE)
    for file_name, block in blocks(path):
        if block[0] in left_out:
            left_out.discard(block[0])
        elif file_name:
            print('\n'.join(write_file(file_name, block)))
        elif PROMPT.match(block[0]):
            print('\n'.join(script_of(block)))
        else:
            sys.exit(f'{path}: neither commands nor a file, nor left out: {block[0]}')
    if left_out:
        sys.exit(f'{path}: to be left out, but not there: {left_out}')


if sys.argv[1] == 'files':
    for name, _ in blocks(sys.argv[2]):
        if name:
            print(name)
elif sys.argv[1] == 'list':
    for _, lines in blocks(sys.argv[2]):
        print(lines[0])
else:
    script(sys.argv[2], sys.argv[3:])
