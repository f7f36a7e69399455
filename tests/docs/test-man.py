#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Manual pages and --help say the same: test-man.py PODCTL MAN-DIRECTORY [RST2MAN]. Prints TAP.

import glob
import os
import re
import shutil
import subprocess
import sys

podctl, man, rst2man = (sys.argv[1:] + [None])[:3]
HELP_WIDTH = 110
PAGE_WIDTH = 80
roff = {}  # of pages that were read
LINK = re.compile(r'\*\*(podctl[\w.-]*|pod@\.service)\*\*\\ \((\d)\)')

# Options stand in the pages as terms of a definition list: ``-d``, ``--detach``
GLOBAL, OWN, APP = 'GLOBAL OPTIONS', 'OPTIONS', 'APP OPTIONS'


def run(*words):
    return subprocess.run([podctl, *words], capture_output=True, text=True, check=True).stdout


def help_of(verb):
    return run(*verb.split(), '--help')


def indented(text, heading):
    """The lines below a heading of --help, up to an empty one."""
    block = re.search(rf'^{heading}.*:\n((?:  .*\n)*)', text, re.M)
    return block.group(1).splitlines() if block else []


def options_of_help(text, heading):
    """The options as they are spelled: '-d, --detach'."""
    return {re.match(r'\s*((?:-\w, )?--\S+)', line).group(1) for line in indented(text, heading)}


def verbs_of_help():
    return {re.split(r'  +', line.strip())[0] for line in indented(run('--help'), 'Commands')}


def page_of(verb):
    return os.path.join(man, '-'.join(['podctl', *verb.split()]) + '.1.rst')


def terms(path, section):
    """The terms of a section's definition list, without markup."""
    text = re.sub(r'^\.\. include:: (.*)$', lambda m: open(os.path.join(man, m[1]), encoding='utf-8').read(),
                  open(path, encoding='utf-8').read(), flags=re.M)
    section = re.search(rf'^{section}\n=+\n(.*?)(?=^\S[^\n]*\n=+\n|\Z)', text, re.M | re.S)
    lines = re.findall(r'^(``.*``)\n ', section.group(1), re.M) if section else []
    return {line.replace('`', '') for line in lines}


def same(what, in_help, in_page):
    return [f'{what}: {x} is only in --help' for x in sorted(in_help - in_page)] + \
           [f'{what}: {x} is only in the page' for x in sorted(in_page - in_help)]


def check_global_options():
    return same('podctl', options_of_help(run('--help'), 'Global options'), terms(page_of(''), GLOBAL))


def check_commands():
    return same('podctl', verbs_of_help(), terms(page_of(''), 'COMMANDS'))


def check_pages():
    pages = {os.path.basename(p) for p in glob.glob(os.path.join(man, '*.1.rst'))}
    verbs = {os.path.basename(page_of(v)) for v in verbs_of_help()} | {'podctl.1.rst'}
    return [f'there is no {p}' for p in sorted(verbs - pages)] + \
           [f'{p} is of no command' for p in sorted(pages - verbs)]


def check_built():
    """Each page is in the list of those that are built."""
    listed = set(re.findall(r"'(.*?\.\d)'", open(os.path.join(man, 'meson.build'), encoding='utf-8').read()))
    pages = {os.path.basename(p)[:-4] for p in glob.glob(os.path.join(man, '*.rst'))}
    return [f'{p} is not both a page and in meson.build' for p in sorted(listed ^ pages)]


def check_links():
    """Pages of ours that others name are there."""
    problems = []
    for path in glob.glob(os.path.join(man, '*.rst')):
        for name, section in LINK.findall(open(path, encoding='utf-8').read()):
            if not os.path.exists(os.path.join(man, f'{name}.{section}.rst')):
                problems.append(f'{os.path.basename(path)} names {name}({section}), which is not there')
    return problems


def check_map():
    """podctl(1) is where to begin: what is no command's page stands there itself."""
    pages = {os.path.basename(p)[:-4] for p in glob.glob(os.path.join(man, '*.rst'))} - {'podctl.1'}
    named = {f'{name}.{section}' for name, section in LINK.findall(open(page_of(''), encoding='utf-8').read())}
    return [f'podctl.1 does not name {page}' for page in sorted(pages - named)]


def check_width(path):
    """On a terminal of the usual width, as man shows it there."""
    groff = ['groff', '-t', '-k', '-man', '-Tutf8', f'-rLL={PAGE_WIDTH - 2}n', '-P-cbou']
    done = subprocess.run(groff, input=roff[path], capture_output=True, check=True)
    lines = done.stdout.decode().splitlines()
    return [f'{len(line)} columns: {line.strip()}' for line in lines if len(line) > PAGE_WIDTH]


def check_verb(verb):
    text = help_of(verb)
    problems = same(verb, options_of_help(text, 'Options'), terms(page_of(verb), OWN))
    problems += same(verb, options_of_help(text, 'Options of an app'), terms(page_of(verb), APP))
    problems += same(verb, options_of_help(text, 'Global options'), options_of_help(run('--help'), 'Global options'))
    return problems


def check_help(verb):
    words = verb.split()
    text = run(*words, '--help')
    problems = [f'{verb}: line of {len(line)} columns: {line}' for line in text.splitlines() if len(line) > HELP_WIDTH]
    problems += [f'{verb}: -h says something else'] if run(*words, '-h') != text else []
    problems += [f'{verb}: help says something else'] if run('help', *words) != text else []
    return problems


def check_rst(path):
    done = subprocess.run([rst2man, '--halt=warning', '--report=info', path], capture_output=True, text=True)
    roff[path] = done.stdout.encode()
    return done.stderr.splitlines() if done.returncode != 0 or done.stderr else []


def cases():
    verbs = sorted(verbs_of_help())
    yield 'there are commands', lambda: [] if len(verbs) > 10 else [f'only {len(verbs)}']
    yield 'a page for each command, a command for each page', check_pages
    yield 'podctl.1 lists the commands', check_commands
    yield 'podctl.1 lists the global options', check_global_options
    yield 'all pages are built', check_built
    yield 'pages name pages that are there', check_links
    yield 'podctl.1 names all pages', check_map
    for verb in ['', *verbs]:
        yield ' '.join(['podctl', *verb.split(), '--help']), lambda verb=verb: check_help(verb)
    for verb in verbs:
        if os.path.exists(page_of(verb)):
            yield f'options of podctl {verb}', lambda verb=verb: check_verb(verb)
    for path in sorted(glob.glob(os.path.join(man, '*.rst'))) if rst2man else []:
        yield f'{os.path.basename(path)} has no markup errors', lambda path=path: check_rst(path)
        if shutil.which('groff'):
            yield f'{os.path.basename(path)} fits a terminal', lambda path=path: check_width(path)


failed = 0
n = 0
for n, (name, check) in enumerate(cases(), 1):
    try:
        problems = check()
    except (subprocess.CalledProcessError, OSError, AttributeError) as e:
        problems = [str(e)]
    failed += bool(problems)
    print('not ok' if problems else 'ok', n, '-', name)
    for problem in problems:
        print('#', problem)
print(f'1..{n}')
sys.exit(failed > 0)
