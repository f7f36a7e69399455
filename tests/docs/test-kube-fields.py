#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# podctl-kube(5) names every member of Kubernetes' objects that the source knows: test-kube-fields.py SOURCE-ROOT
# [--write]. Prints TAP; with --write, writes the table of those that are not carried over. What podman plays
# (docs/kubernetes_support.md there) has a test here, or a line in that table.

import glob
import os
import re
import sys
import textwrap

root = sys.argv[1]
page = os.path.join(root, 'man', 'podctl-kube.5.rst')
included = os.path.join(root, 'man', 'kube-fields.inc')
STRING = r'"((?:[^"\\]|\\.)*)"'
TABLES = {'pod_rules': 'Pods', 'metadata_rules': 'Of *metadata*', 'workload_rules': 'Workloads',
          'cron_rules': 'CronJobs',          'config_rules': 'ConfigMaps and Secrets',
          'claim_rules': 'PersistentVolumeClaims'}
WEIGHTS = {'REFUSED': 'refused', 'WARNED': 'warning', 'MEANINGLESS': 'ignored'}
WEIGHT = '|'.join(WEIGHTS)


def read(path):
    return open(path, encoding='utf-8').read()


def unquote(text, words):
    """The string that literals and macros of them make; an empty one for NULL."""
    return ''.join(re.sub(r'\\(.)', r'\1', string) if not name else words.get(name, '')
                   for string, name in re.findall(rf'{STRING}|(\w+)', text))


def expand(text):
    """The source, with its macros of rows as the rows they are."""
    macros = re.findall(r'#define (CONTAINER|PROBE)\((\w+)(?:, (\w+))?\)(.*)', text)
    for name, *parameters, body in reversed(macros):
        for call in set(re.findall(rf'\b{name}\(([^()]*)\)', text.split('static const Rule pod_rules')[1])):
            rows = body
            for parameter, argument in zip(parameters, call.split(', ')):
                rows = re.sub(rf'\b{parameter}\b', argument, rows) if parameter else rows
            text = text.replace(f'{name}({call})', rows)
    return text


def rules():
    """Table, path, weight, why."""
    text = read(os.path.join(root, 'src/foreign/kube/kube-rules.c')).replace('\\\n', ' ')
    words = dict(re.findall(rf'#define (\w+) {STRING}', text))
    text = expand(text)
    for table in TABLES:
        body = text[text.index(f'static const Rule {table}[] = {{'):]
        body = body[:body.index('\n};')]
        rows = re.findall(rf'\{{ ((?:"[^"]*"\s*)+), ({WEIGHT}),\s*((?:"(?:[^"\\]|\\.)*"|\w+|\s)+),\s*'
                          r'(?:NULL|"(?:[^"\\]|\\.)*") \}', body)
        if len(rows) != len(re.findall(rf', (?:{WEIGHT}),', body)):
            sys.exit(f'not all rows of {table} are understood')
        for path, weight, why in rows:
            yield table, unquote(path, words), weight, unquote(why, words)


def table_of(title, rows):
    wide = 2 + max(len(path) for path, *_ in rows)
    narrow = min(50, 107 - wide)
    rule = '=' * wide + '  ' + '=' * 7 + '  ' + '=' * narrow
    yield f'\n{title}:\n\n{rule}\n{"Member":{wide + 11}}Why\n{rule}\n'
    for path, weight, why in sorted(set(rows)):
        why = why or 'changes nothing on one host'
        first, *more = textwrap.wrap(why, narrow, break_on_hyphens=False, break_long_words=False)
        yield f'{"*" + path + "*":{wide + 2}}{WEIGHTS[weight]:9}{first}\n'
        yield from (f'{"":{wide + 11}}{line}\n' for line in more)
    yield rule + '\n'


def text():
    yield '.. SPDX-License-Identifier: LGPL-2.1-or-later\n'
    sections = {'Containers': []}
    for table, path, weight, why in rules():
        container = re.match(r'(?:containers|initContainers)\[\]\.', path)
        path = path[container.end():] if container else path
        sections.setdefault('Containers' if container else TABLES[table], []).append(
            (path.replace('[]', '').removeprefix('spec.'), weight, why))
    for title, rows in sections.items():
        yield from table_of(title, rows)


expected = ''.join(text())
if sys.argv[2:] == ['--write']:
    open(included, 'w', encoding='utf-8').write(expected)
    sys.exit()
members = set()
for path in glob.glob(os.path.join(root, 'src/foreign/kube/kube-types*.c')):
    members |= set(re.findall(r'^ +(?:ROW\(\w+, |\{ )"(\w+)", &?\w+', read(path), re.M))
whole = read(page) + expected
unnamed = sorted(m for m in members if not re.search(rf'\b{m}\b', whole))
# What podman has a tick for; a member of an object is behind a dot.
PODMAN = {
    '': """containers initContainers volumes restartPolicy terminationGracePeriodSeconds hostname hostNetwork hostPID
           hostIPC shareProcessNamespace replicas selector template binaryData data storageClassName accessModes""",
    'hostAliases': 'hostnames ip',
    'dnsConfig': 'nameservers options searches',
    'options': 'name value',
    'securityContext': """runAsUser runAsGroup supplementalGroups seLinuxOptions sysctls readOnlyRootFilesystem
                          procMount privileged allowPrivilegeEscalation capabilities""",
    'seLinuxOptions': 'level role type user',
    'sysctls': 'name value',
    'capabilities': 'add drop',
    'containers': 'name image imagePullPolicy command args workingDir livenessProbe',
    'ports': 'containerPort hostIP hostPort name protocol',
    'env': 'name value valueFrom',
    'valueFrom': 'configMapKeyRef fieldRef resourceFieldRef secretKeyRef',
    'configMapKeyRef': 'key name optional',
    'secretKeyRef': 'key name optional',
    'envFrom': 'configMapRef secretRef',
    'configMapRef': 'name optional',
    'secretRef': 'name optional',
    'volumeMounts': 'mountPath name readOnly subPath',
    'resources': 'limits requests',
    'lifecycle': 'stopSignal',
}


def texts_of_tests():
    patterns = ('tests/unit/test-kube-*.c', 'tests/integration/*kube*.sh', 'tests/integration/differential/*.yaml')
    for pattern in patterns:
        for path in sorted(glob.glob(os.path.join(root, pattern))):
            # Files of YAML within C are strings with line ends.
            yield re.sub(r'"\s*\n\s*"', '', read(path)).replace('\\n', '\n').replace('\\"', '"')


def is_tested(parent, member, texts):
    """Whether a test has the member, no further behind its object than such an object is long."""
    key = rf'\b{member}"?:'
    pattern = rf'\b{parent}"?:[\s\S]{{0,400}}?{key}' if parent else key
    return any(re.search(pattern, text) for text in texts)


def untested():
    """What podman plays, and nothing here says of."""
    texts = list(texts_of_tests())
    told = {path.split('.')[-1] for _, path, weight, why in rules() if why}
    for parent, names in PODMAN.items():
        for member in names.split():
            if member not in told and not is_tested(parent, member, texts):
                yield f'{parent}.{member}' if parent else member


same = os.path.exists(included) and read(included) == expected
missing = list(untested())
print('1..3')
print('ok 1' if same else 'not ok 1', '- man/kube-fields.inc is what the source refuses and ignores')
if not same:
    print(f'# write it by {sys.argv[0]} SOURCE-ROOT --write')
print('ok 2' if members and not unnamed else 'not ok 2', f'- the page names all {len(members)} members')
if unnamed:
    print('# not named:', *unnamed)
print('ok 3' if not missing else 'not ok 3', '- what podman plays has a test here, or is refused with a reason')
if missing:
    print('# neither:', *missing)
sys.exit(not same or bool(unnamed) or not members or bool(missing))
