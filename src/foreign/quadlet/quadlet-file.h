/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"

/* Files of Quadlet as text: the syntax of systemd.syntax(7) with drop-ins, see podman-systemd.unit(5). libsystemd does
 * not have a reader of unit files. */

typedef struct QuadletEntry {
        char *section;
        char *key;
        char *value; /* continuation lines joined; quotes and specifiers as they are written */
        char *file;
        unsigned line; /* the first one; 0: it is not from a file */
        char *typed;   /* on a command line, instead of section and key; or NULL */
        bool of_file;  /* a variable in it has the value of a file of variables */
} QuadletEntry;

typedef struct QuadletFile {
        char *path;
        char *stem;   /* "web" of web.container, "db@main" of db@main.container */
        char *suffix; /* "container" */
        QuadletEntry *entries;
        size_t n_entries;
        bool beside; /* it was not asked for; others may name it */
} QuadletFile;

void quadlet_file_done(QuadletFile *f);
bool quadlet_file_is(const QuadletFile *f, const char *suffix);
/* Whether its value is made of words, with quotes of their own. The value of any other key is one, and has no quotes
 * around it any more. */
bool quadlet_key_has_words(const char *key);
/* Unit, Service or Install. */
bool quadlet_section_is_of_systemd(const char *section);

/* Appends the entries of one text. In sections other than those of systemd, an empty value takes away the values before
 * it. *reterr_message names file and line. */
int quadlet_file_parse(QuadletFile *f, const char *path, const char *text, size_t n, char **reterr_message);

/* Removes all of a key. */
void quadlet_file_remove(QuadletFile *f, const char *section, const char *key);

/* Appends an entry that no file has. Takes the value, also on failure. */
int quadlet_file_add(QuadletFile *f, const char *section, const char *key, char *value);

/* Puts all entries of another file in the place of one, taking them over on success. */
int quadlet_file_replace(QuadletFile *f, size_t at, QuadletFile *by);

/* Reads a file and its drop-ins: those in NAME.SUFFIX.d, of prefixes and templates (a-.container.d, a@.container.d) and
 * of the kind (container.d). For files in Quadlet's directories, all of these are searched. */
int quadlet_file_read(const char *path, QuadletFile *ret, char **reterr_message);

/* The last value, or the first; NULL: there is none. */
const QuadletEntry *quadlet_file_find(const QuadletFile *f, const char *section, const char *key);
const QuadletEntry *quadlet_file_find_first(const QuadletFile *f, const char *section, const char *key);

/* The words of a value without their quotes and escapes. -EINVAL: a quote is not closed, or an escape is not valid. */
int quadlet_split_words(const char *value, char ***ret);

/* Replaces specifiers whose meaning does not depend on the host. In a drop-in of pod@NAME.service, %n and those of the
 * host mean the right thing later and stay as they are. -EOPNOTSUPP: there is one that cannot be replaced; its
 * letter is in *ret_specifier. */
int quadlet_expand(const QuadletFile *f, const char *value, bool for_drop_in, char **ret, char *ret_specifier);
