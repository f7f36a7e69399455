#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The rooms of the source: test-rooms.py SOURCE-ROOT. README.md and the meson files name them in one order, a room uses
# only those above it, and no two modules need each other. Prints TAP.

import os
import re
import sys

root = sys.argv[1]
source = os.path.join(root, 'src')


def read(*path):
    with open(os.path.join(*path), encoding='utf-8') as f:
        return f.read()


def once(names):
    return list(dict.fromkeys(names))


def rooms_of_readme():
    return re.findall(r'^\| `([a-z][a-z0-9/]*)/` +\|', read(root, 'README.md'), re.M)


def rooms_of_meson():
    """Each folder, and behind it those within it in the order in which its meson.build lists their files."""
    rooms = []
    for folder in re.findall(r"^subdir\('(\w+)'\)", read(source, 'meson.build'), re.M):
        files = re.findall(r"'([\w/-]+)\.c'", read(source, folder, 'meson.build'))
        within = once(os.path.dirname(file) for file in files)
        rooms += [folder] if '' in within else []
        rooms += [f'{folder}/{room}' for room in within if room]
    return rooms


def includes():
    """Pairs of files, from which and which, both below src/."""
    for directory, _, files in os.walk(source):
        for name in files:
            if not name.endswith(('.c', '.h')):
                continue
            file = os.path.relpath(os.path.join(directory, name), source)
            for other in re.findall(r'^#include "([^"]+)"', read(source, file), re.M):
                if os.path.exists(os.path.join(source, other)):
                    yield file, other


def module(file):
    """NAME.c, NAME.h and NAME-internal.h are one."""
    return re.sub(r'(-internal)?\.[ch]$', '', file)


def circles(arrows):
    """What is left when modules that need no other one, or that no other one needs, are taken away again and again."""
    pairs = {(module(file), module(other)) for file, other in arrows if module(file) != module(other)}
    while True:
        needing, needed = {a for a, _ in pairs}, {b for _, b in pairs}
        left = {(a, b) for a, b in pairs if a in needed and b in needing}
        if left == pairs:
            return [f'{a} needs {b}' for a, b in sorted(left)]
        pairs = left


readme, meson, arrows = rooms_of_readme(), rooms_of_meson(), list(includes())
place = {room: i for i, room in enumerate(meson)}
folders = once(os.path.dirname(file) for pair in arrows for file in pair)
upwards = [f'{file} includes {other}' for file, other in arrows
           if place.get(os.path.dirname(other), -1) > place.get(os.path.dirname(file), len(place))]

tests = {
    'README.md has every room': [room for room in folders if room and room not in readme] or
                                ([] if len(arrows) > 1000 else ['no includes are found']),
    'README.md and meson.build have one order': [] if readme == meson else [f'README.md: {readme}', f'meson: {meson}'],
    'no room uses one below it': upwards,
    'no circles': circles(arrows),
}
print(f'1..{len(tests)}')
for n, (name, faults) in enumerate(tests.items(), 1):
    print('not ok' if faults else 'ok', n, '-', name)
    for fault in faults:
        print('#', fault)
sys.exit(any(tests.values()))
