#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# No line of what people write is longer than 120 columns: test-columns.py SOURCE-ROOT. Prints TAP.

import os
import sys
import unicodedata

COLUMNS = 120
FOLDERS = 'src', 'tests', 'tools'
# What tests are fed with, byte for byte.
DATA = 'tests/data', 'tests/fuzz/corpus'
NOT_HELD = ['.pyc']

root = sys.argv[1]


def files(folder):
    for directory, folders, names in os.walk(os.path.join(root, folder)):
        folders[:] = [f for f in folders if os.path.relpath(os.path.join(directory, f), root) not in DATA]
        yield from (os.path.relpath(os.path.join(directory, name), root) for name in names
                    if not name.endswith(tuple(NOT_HELD)))


def columns(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in 'WF' else 1 for c in line)


def too_long(file):
    with open(os.path.join(root, file), encoding='utf-8') as f:
        return [f'{file}:{n}: {columns(line)} columns' for n, line in enumerate(f.read().split('\n'), 1)
                if columns(line) > COLUMNS]


print(f'1..{len(FOLDERS)}')
failed = False
for number, folder in enumerate(FOLDERS, 1):
    held = sorted(files(folder))
    faults = [fault for file in held for fault in too_long(file)] if held else [f'no files in {folder}']
    failed |= bool(faults)
    print('not ok' if faults else 'ok', number, '- lines of', folder)
    for fault in faults:
        print('#', fault)
sys.exit(failed)
