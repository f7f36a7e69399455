#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# One version: test-version.py SOURCE-ROOT VERSION. That of meson.build is the one of the first section of NEWS.md and,
# where a release is checked out, of its tag. Prints TAP.

import os
import re
import subprocess
import sys

root, version = sys.argv[1:]
with open(os.path.join(root, 'NEWS.md'), encoding='utf-8') as f:
    heading = re.search(r'^## (.*)', f.read(), re.M)[1]
news = heading.split()[0]

tags = []
if os.path.exists(os.path.join(root, '.git')):
    git = ['git', '-c', 'safe.directory=*', '-C', root, 'tag', '--points-at', 'HEAD', 'v*']
    tags = subprocess.run(git, capture_output=True, text=True, check=True).stdout.split()

print('1..2')
print(f'{"ok" if news == version else "not ok"} 1 - NEWS.md begins with the version')
if news != version:
    print(f'# NEWS.md: {news}, meson.build: {version}')
if not tags:
    print('ok 2 - tag # SKIP no release is checked out')
elif f'v{version}' in tags and 'not released' not in heading:
    print('ok 2 - tag')
else:
    print(f'not ok 2 - tag\n# tag: {" ".join(tags)}, NEWS.md: {heading}, meson.build: {version}')
