#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# podctl-messages(7) and the source say the same: test-messages.py SOURCE-DIRECTORY PAGE. Prints TAP.
#
# Every message that is logged as an error or a warning, now or when its turn comes, has an entry in MESSAGES, and every
# entry there and in REASONS is of something that the source can say.

import glob
import os
import re
import sys

source, page = sys.argv[1:]
# What says nothing by itself, but passes on what somebody else said.
PASSED_ON = {'X'}
STRING = r'"(?:[^"\\]|\\.)*"'
LOGGED = re.compile(r'\b(?:log_(?:error|warning|notice)(?:_errno)?|log_explained|explain_line)\s*\(')


def arguments(text, start):
    """What is between the parentheses, the first of which is before start."""
    depth, i = 1, start
    while depth:
        quoted = re.compile(STRING).match(text, i)
        if quoted:
            i = quoted.end()
            continue
        depth += {'(': 1, ')': -1}.get(text[i], 0)
        i += 1
    return text[start:i - 1]


def literal(text):
    """The first format in there, macros and conversions as X."""
    found = re.search(rf'(?:[A-Z_]+\s+)?{STRING}(?:\s*(?:{STRING}|PRI\w+|[A-Z_]{{3,}}))*', text)
    if not found:
        return None
    whole = ''.join(m[0][1:-1] if m[0][0] == '"' else 'X' for m in re.finditer(rf'{STRING}|\w+', found[0]))
    return re.sub(r'%(?:[-0-9.*]*)(?:l|ll|z|h)?[a-zA-Z]?', 'X', whole.replace('\\"', '"').replace('\\n', ''))


def sources():
    for path in sorted(glob.glob(os.path.join(source, '**', '*.c'), recursive=True)):
        yield os.path.relpath(path, source), open(path, encoding='utf-8').read()


def messages():
    for path, text in sources():
        for call in LOGGED.finditer(text):
            message = literal(arguments(text, call.end()))
            if message and 'log_explained' in call[0]:
                message += ': X' # the error's own text
            if message and message not in PASSED_ON:
                yield path, message


def strings():
    """All that is said anywhere, as one text."""
    return '\n'.join(literal(m[0]) or '' for _, text in sources()
                     for m in re.finditer(rf'(?:{STRING}|PRI\w+)(?:\s*(?:{STRING}|PRI\w+|[A-Z_]{{3,}}))*', text))


def entries(section):
    text = open(page, encoding='utf-8').read()
    body = re.search(rf'^{section}\n=+\n(.*?)(?=^\S[^\n]*\n=+\n|\Z)', text, re.M | re.S).group(1)
    return [entry for line in re.findall(r'^(``.*``)\n ', body, re.M) for entry in re.findall(r'``(.+?)``', line)]


def pattern(entry):
    # What begins with something that differs is of a file or an image, and not just anything with a colon.
    parts = [re.escape(part) for part in entry.split('…')]
    return re.compile(('X' if not entry.strip('…: ') else '.*').join(parts) + r'\Z', re.S)


def check_all_are_listed():
    listed = [pattern(e) for e in entries('MESSAGES')]
    return [f'{path}: {message}' for path, message in messages() if not any(p.match(message) for p in listed)]


def check_all_can_be_said():
    said = {message for _, message in messages()} | {'Out of memory'}
    return [e for e in entries('MESSAGES') if not any(pattern(e).match(message) for message in said)]


def check_reasons():
    said = strings()
    return [e for e in entries('REASONS')
            if not re.search('[^\n]*'.join(re.escape(p) for p in re.sub(r'^…\s*|\s*…$', '', e).split('…')), said)]


def check_form():
    """One line that begins with a capital letter, a quote or what it is about, and does not end with a full stop."""
    return [f'{path}: {message}' for path, message in messages()
            if not re.match(r"[A-Z'%]", message) and not message.startswith('unable to remove pod') or
            re.search(r'[.!]$|\n', message) and not message.endswith('…')]


CASES = [('every message is in the page', check_all_are_listed),
         ('every entry can be said', check_all_can_be_said),
         ('every reason can be said', check_reasons),
         ('messages have one form', check_form),
         ('there are messages', lambda: [] if len(list(messages())) > 150 else ['they are not found'])]
failed = 0
print(f'1..{len(CASES)}')
for n, (name, check) in enumerate(CASES, 1):
    problems = check()
    failed += bool(problems)
    print('not ok' if problems else 'ok', n, '-', name)
    for problem in problems:
        print('#', problem)
sys.exit(failed > 0)
