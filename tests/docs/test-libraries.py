#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What is loaded before podctl does anything: test-libraries.py PODCTL MODULE… Prints TAP.
#
# A pod's life has two to four processes of podctl, and each loads and relocates these libraries. Another one has to be
# meant: what few runs need belongs into a module (src/shared/module.h). A module exports what is looked for in it, and
# nothing else.

import re
import subprocess
import sys

podctl, *modules = sys.argv[1:]

NEEDED = {'libc', 'libcap', 'libisal', 'libjson-c', 'libnettle', 'libseccomp', 'libsmartcols', 'libsystemd',
          'libyaml-0'}
# The C library's own, where it has them apart, and those of compilers.
ALWAYS = {'ld-linux', 'libasan', 'libclang_rt', 'libdl', 'libgcc_s', 'libgcov', 'libm', 'libpthread', 'libubsan'}

EXPORTED = {
    'archive': {'libarchive_functions'},
    'keys': {'gpg_methods', 'gpg_sign_methods', 'public_key_methods', 'secret_key_methods'},
    'network': {'net_engine'},
}


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def needed_by(file):
    """Names without version: "libcap.so.2" is libcap."""
    found = re.findall(r'\(NEEDED\).*\[([^\]]+)\]', output('readelf', '--dynamic', '--wide', file))
    return {re.sub(r'(-[^-]*)?\.so\b.*$', '', name) if name.startswith('ld-') else re.sub(r'\.so\b.*$', '', name)
            for name in found}


def exported_by(file):
    symbols = {line.split()[-1] for line in output('nm', '--dynamic', '--defined-only', file).splitlines()}
    return {name for name in symbols if not re.match(r'__|_init$|_fini$|_edata$|_end$', name)}


def report(number, good, text, found=()):
    print('ok' if good else 'not ok', number, '-', text)
    for name in sorted(found):
        print('#', name)
    return good


print(f'1..{len(modules) + 1}')
more = {name for name in needed_by(podctl) - NEEDED if not any(name.startswith(known) for known in ALWAYS)}
good = report(1, not more, 'podctl needs no more libraries than it has to', more)
for number, module in enumerate(modules, 2):
    name = re.search(r'([^/]+)\.so$', module).group(1)
    wrong = exported_by(module) ^ EXPORTED[name]
    good = report(number, not wrong, f'{name}.so exports what is looked for in it', wrong) and good
sys.exit(not good)
