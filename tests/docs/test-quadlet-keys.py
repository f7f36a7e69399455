#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The table of Quadlet's keys in podctl-from-podman(7) is that of the source: test-quadlet-keys.py SOURCE-ROOT
# [--write]. Prints TAP; with --write, writes the table.

import os
import re
import sys
import textwrap

root = sys.argv[1]
page = os.path.join(root, 'man', 'quadlet-keys.inc')
source = open(os.path.join(root, 'src/foreign/quadlet/quadlet-keys.c'), encoding='utf-8').read()
STRING = r'"((?:[^"\\]|\\.)*)"'



def rows():
    """Section, key, how it is carried, option, why, and words of its own."""
    text = source.replace('\\\n', ' ')
    words = dict(re.findall(rf'#define (\w+) {STRING}', text))
    of_pods = re.search(r'#define OF_PODS\(s\)(.*)', text)[1]
    table = text[text.index('const QuadletRow quadlet_rows[] = {'):]
    table = table[:table.index('\n};')]
    table = re.sub(r'OF_PODS\(("\w+")\)', lambda m: re.sub(r'\bs,', m[1] + ',', of_pods), table)
    table = re.sub(r'"\s*\n\s*"', '', table)
    row = re.compile(rf'\{{ "(\w+)", "(\w+)", (\w+),\s*({STRING}|NULL)(?:,\s*\w+,\s*({STRING}|\w+))?'
                     rf'(?:,\s*\.words = ({STRING}|\w+))? \}}|'
                     rf'(LOST|NONE|CHANGED)\("(\w+)", "(\w+)",\s*({STRING}|\w+)\)')
    for m in row.finditer(table):
        def text_of(group, m=m):
            return words.get(m[group]) or (m[group][1:-1] if m[group] and m[group][0] == '"' else None)
        if m[1]:
            yield m[1], m[2], m[3], text_of(4), text_of(6), text_of(8)
        else:
            yield m[11], m[12], m[10], None, text_of(13), None


def words_of(section, key, carry, option, why, own):
    if own:
        return own
    if carry == 'LOST':
        return f'not possible: {why}'
    if carry in ('NONE', 'CHANGED'):
        return why or 'its name'
    if carry == 'unless_off':
        return f'only **false**: {option}'
    if carry == 'default_only':
        return f'only **{option.replace("|", "**, **")}**'
    if carry == 'quadlet_gateway':
        return 'only the first address of the subnet'
    if key == 'Notify':
        return '**--health-ready**, or an annotation for **true**'
    if key.startswith('ReadOnly'):
        return '**--readonly-rootfs** and, for */tmp*, **--volume=**'
    if section == 'Network':
        text = f'*{option.lstrip("!")}*'
    else:
        text = f'**-p {option}=**' if carry == 'to_service' else f'**--{option}{"" if "=" in option else "="}**'
    return f'{text}; {why}' if why else text


def tables():
    yield '.. SPDX-License-Identifier: LGPL-2.1-or-later\n'
    sections = {}
    for section, *rest in rows():
        sections.setdefault(section, []).append((rest[0], words_of(section, *rest)))
    for section, lines in sections.items():
        rule = '=' * 27 + '  ' + '=' * 52
        yield f'\nSection *[{section}]*:\n\n{rule}\n{"Quadlet":29}podctl\n{rule}\n'
        for key, words in sorted(lines):
            first, *more = textwrap.wrap(words, 52, break_on_hyphens=False, break_long_words=False)
            yield f'{"**" + key + "=**":29}{first}\n'
            yield from (f'{"":29}{line}\n' for line in more)
        yield rule + '\n'


expected = ''.join(tables())
if sys.argv[2:] == ['--write']:
    open(page, 'w', encoding='utf-8').write(expected)
    sys.exit()
found = open(page, encoding='utf-8').read()
# Each key of the source once, so that none is missed by the pattern above.
table = source[source.index('const QuadletRow quadlet_rows[] = {'):]
known = len(re.findall(r'^ +(?:\{ |LOST\(|NONE\(|CHANGED\()"', table, re.M))
print('1..2')
print('ok 1' if found == expected else 'not ok 1', '- man/quadlet-keys.inc is the table of the source')
if found != expected:
    print(f'# write it by {sys.argv[0]} SOURCE-ROOT --write')
of_pods = len(re.findall(r'\bs, "', re.search(r'#define OF_PODS\(s\)(?:.*\\\n)*.*', source)[0]))
of_own = sum(1 for row in rows()) - 2 * of_pods
print('ok 2' if of_own == known else 'not ok 2', '- every row is understood')
if of_own != known:
    print(f'# {of_own} of {known}')
sys.exit(found != expected or of_own != known)
