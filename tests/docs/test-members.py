#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# podctl-pods.d(5) tells of all that a manifest may say: test-members.py SOURCE-DIRECTORY PAGE. Prints TAP.

import os
import re
import sys

source, page = sys.argv[1:]
TABLES = {'members': (r'\{ "(\w+)",\s+&json_', ['manifest/app.c', 'manifest/appc-pod.c', 'manifest/health-check.c']),
          'isolators': (r'\] = \{ "([^"]+)", ', ['manifest/isolator.c']),
          'short form': (r'\{ "([a-z-]+)", SHORT_', ['foreign/short/short-members.c'])}
text = open(page, encoding='utf-8').read()


def known(expression, files):
    texts = [open(os.path.join(source, file)).read() for file in files]
    return sorted({name for text in texts for name in re.findall(expression, text)})


def is_told(name):
    """As a term, a member or a value, not just as a word."""
    return re.search(rf'(?:\*|``|"){re.escape(name)}(?:\*|``|")', text)


failed = 0
print(f'1..{len(TABLES)}')
for n, (what, (expression, files)) in enumerate(TABLES.items(), 1):
    names = known(expression, files)
    missing = [name for name in names if not is_told(name)] if len(names) > 10 else ['none are found']
    failed += bool(missing)
    print('not ok' if missing else 'ok', n, '-', what)
    for name in missing:
        print('#', name)
sys.exit(failed > 0)
