#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The words of the integration tests: test-words.py SOURCE-ROOT. Each is defined once, in a lib or in the one file that
# needs it, and tests do not sleep for a fixed time. Prints TAP.

import collections
import glob
import os
import re
import sys

folder = os.path.join(sys.argv[1], 'tests', 'integration')
texts = {}
for path in sorted(glob.glob(os.path.join(folder, '*.sh')) + glob.glob(os.path.join(folder, 'vm', '*.sh'))):
    with open(path, encoding='utf-8') as f:
        texts[os.path.relpath(path, folder)] = f.read()

places = collections.defaultdict(list)
for name, text in texts.items():
    for word in re.findall(r'^(\w+)\(\)', text, re.M):
        if not word.startswith('test_'):
            places[word].append(name)

# A program in quotes, of a pod, may sleep as it likes: what stands at the beginning of a line is the test's own.
# A moment that differs from round to round is what some tests are about.
sleeps = [f'{name}:{n}: {line.strip()}' for name, text in texts.items()
          for n, line in enumerate(text.split('\n'), 1)
          if re.match(r'\s*sleep [0-9.]+$', line) and not name.startswith('lib')]

tests = {
    'each word is defined once': [f'{word}: {", ".join(where)}' for word, where in sorted(places.items())
                                  if len(where) > 1]
                                 or ([] if len(places) > 100 else ['hardly any words are found']),
    'no fixed sleeps': sleeps,
}
print(f'1..{len(tests)}')
for number, (name, faults) in enumerate(tests.items(), 1):
    print('not ok' if faults else 'ok', number, '-', name)
    for fault in faults:
        print('#', fault)
sys.exit(any(tests.values()))
