#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The JSON Schema of pods.d's short form takes what the page shows, and refuses what podctl refuses:
# test-schema.py SCHEMA PAGE. Prints TAP.

import json
import re
import sys
import textwrap

schema, page = sys.argv[1:]
schema = json.load(open(schema, encoding='utf-8'))
text = open(page, encoding='utf-8').read()
EXAMPLE = re.compile(r'^\.\. file: \S+\.yaml\n.*?::\n\n((?:    [^\n]*\n|\n)+)', re.M | re.S)
GOOD = ['image: a', 'apps: {a: b}', 'apps: [{image: a, name: b}]', 'image: a\nrestart: no\nauto-update: off',
        'image: a\nenv: [A=b]\nports: 80:80\nhealth: {startup: {cmd: x}}', 'image: a\nuser: 0\nhostname: ~']
BAD = ['{}', 'image: a\napps: {a: b}', 'apps: {}', 'image: a\nmemry: 1G', 'apps: {a: {}}', 'memory: 1G\napps: {a: b}',
       'image: a\nrestart: often', 'image: a\nreadonly: 5', 'image: a\nenv: {A: true}',
       'image: a\nhealth: {command: x}',
       'apps: {a: {image: b, hostname: c}}']

try:
    import jsonschema
    import yaml
except ImportError:
    print('1..0 # SKIP there is no jsonschema, or no yaml')
    sys.exit(0)

jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
cases = [(textwrap.dedent(block), True) for block in EXAMPLE.findall(text)]
assert cases, 'no example is found'
cases += [(case, True) for case in GOOD] + [(case, False) for case in BAD]
failed = 0
print(f'1..{len(cases)}')
for n, (case, good) in enumerate(cases, 1):
    right = validator.is_valid(yaml.safe_load(case)) == good
    failed += not right
    print('ok' if right else 'not ok', n, '-', 'taken:' if good else 'refused:', json.dumps(case)[:60])
sys.exit(failed > 0)
