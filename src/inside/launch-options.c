/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "inside/app-die.h"
#include "inside/launch-options.h"

static void read_groups(LaunchOptions *l, char *text)
{
        size_t n = 1;

        for (const char *p = text; *p; p++)
                n += *p == ',';
        l->groups = calloc(n, sizeof(gid_t));
        if (!l->groups)
                die("cannot set the groups: %m");
        for (char *word = strtok(text, ","); word; word = strtok(NULL, ","))
                l->groups[l->n_groups++] = (gid_t) strtoul(word, NULL, 10);
}

/* A NULL-terminated list that grows by one. */
static void add_word(char ***list, char *word)
{
        size_t n = 0;
        char **grown;

        while (*list && (*list)[n])
                n++;
        grown = reallocarray(*list, n + 2, sizeof(char *));
        if (!grown)
                die("cannot read the options: %m");
        grown[n] = word;
        grown[n + 1] = NULL;
        *list = grown;
}

static void *field_of(LaunchOptions *l, size_t offset)
{
        return (char *) l + offset;
}

static void take_text(LaunchOptions *l, size_t offset, char *value)
{
        *(const char **) field_of(l, offset) = value;
}

/* The text is writable: the paths are split in place later. */
static void take_paths(LaunchOptions *l, size_t offset, char *value)
{
        *(char **) field_of(l, offset) = value;
}

static void take_id(LaunchOptions *l, size_t offset, char *value)
{
        *(uint32_t *) field_of(l, offset) = (uint32_t) strtoul(value, NULL, 10);
}

static void take_groups(LaunchOptions *l, size_t offset, char *value)
{
        read_groups(l, value);
}

static void take_capabilities(LaunchOptions *l, size_t offset, char *value)
{
        l->capabilities = strtoull(value, NULL, 16);
        l->restrict_capabilities = true;
}

static void take_ambient(LaunchOptions *l, size_t offset, char *value)
{
        l->ambient = strtoull(value, NULL, 16);
}

static void take_no_new_privileges(LaunchOptions *l, size_t offset, char *value)
{
        l->no_new_privileges = *value == '1';
}

static void take_devices(LaunchOptions *l, size_t offset, char *value)
{
        l->host_devices = strcmp(value, "host") == 0;
}

static void take_cgroups(LaunchOptions *l, size_t offset, char *value)
{
        l->own_cgroups = strcmp(value, "own") == 0;
}

static void take_kept(LaunchOptions *l, size_t offset, char *value)
{
        add_word(&l->keep, value);
}

static void take_carried(LaunchOptions *l, size_t offset, char *value)
{
        add_word(&l->carry, value);
}

static void take_shared(LaunchOptions *l, size_t offset, char *value)
{
        add_word(&l->share, value);
}

static void take_limit(LaunchOptions *l, size_t offset, char *value)
{
        add_word(&l->limits, value);
}

static void take_secret(LaunchOptions *l, size_t offset, char *value)
{
        add_word(&l->secrets, value);
}

static void take_environment(LaunchOptions *l, size_t offset, char *value)
{
        app_variables_read(&l->environment, value, l->n_words);
}

static void take_variable(LaunchOptions *l, size_t offset, char *value)
{
        app_variables_set(&l->environment, value);
}

static void take_nothing(LaunchOptions *l, size_t offset, char *value)
{
}

static const struct {
        const char *name;
        void (*take)(LaunchOptions *l, size_t offset, char *value);
        size_t offset;
} options[] = {
        { "--pids", take_text, offsetof(LaunchOptions, pids) },
        { "--pids-of", take_text, offsetof(LaunchOptions, pids_of) },
        { "--cgroups", take_cgroups },
        { "--rest", take_nothing }, /* of an app that an older podctl has made */
        { "--carry", take_carried },
        { "--share", take_shared },
        { "--uid", take_id, offsetof(LaunchOptions, uid) },
        { "--gid", take_id, offsetof(LaunchOptions, gid) },
        { "--groups", take_groups },
        { "--capabilities", take_capabilities },
        { "--ambient", take_ambient },
        { "--no-new-privileges", take_no_new_privileges },
        { "--filter", take_text, offsetof(LaunchOptions, filter) },
        { "--apparmor", take_text, offsetof(LaunchOptions, apparmor) },
        { "--selinux", take_text, offsetof(LaunchOptions, selinux) },
        { "--limit", take_limit },
        { "--directory", take_text, offsetof(LaunchOptions, directory) },
        { "--devices", take_devices },
        { "--reason", take_text, offsetof(LaunchOptions, reason) },
        { "--ready", take_text, offsetof(LaunchOptions, ready) },
        { "--restarts", take_text, offsetof(LaunchOptions, restarts) },
        { "--relay", take_text, offsetof(LaunchOptions, relay) },
        { "--stdio", take_text, offsetof(LaunchOptions, stdio) },
        { "--terminal", take_text, offsetof(LaunchOptions, terminal) },
        { "--fields", take_text, offsetof(LaunchOptions, fields) },
        { "--credentials", take_text, offsetof(LaunchOptions, credentials) },
        { "--secret", take_secret },
        { "--join", take_text, offsetof(LaunchOptions, join) },
        { "--unit", take_text, offsetof(LaunchOptions, unit) },
        { "--protect", take_paths, offsetof(LaunchOptions, protect) },
        { "--hide", take_paths, offsetof(LaunchOptions, hide) },
        { "--keep", take_kept },
        { "--environment", take_environment },
        { "--env", take_variable }, /* after --environment, may replace a variable from there */
};

static void read_option(LaunchOptions *l, char *option)
{
        char *value = strchr(option, '=');

        if (!value)
                die("option %s has no value", option);
        *value++ = 0;
        for (size_t i = 0; i < ELEMENTSOF(options); i++)
                if (strcmp(options[i].name, option) == 0) {
                        options[i].take(l, options[i].offset, value);
                        return;
                }
        die("unknown option %s", option);
}

char **launch_options_read(LaunchOptions *l, char **words, size_t n)
{
        size_t i = 0;

        l->n_words = n;
        for (; i < n && strcmp(words[i], "--") != 0; i++)
                read_option(l, words[i]);
        if (i + 2 >= n)
                die("nothing to execute");
        return words + i + 1;
}
