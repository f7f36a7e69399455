/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/parse.h"
#include "foreign/draft/foreign-size.h"
#include "foreign/quadlet/quadlet-options.h"
#include "manifest/appc-image.h"

#define lose(step, ...) quadlet_step_tell(step, FINDING_LOST, __VA_ARGS__)

static int number_to_app(QuadletStep *step, const QuadletRow *row, const char *value)
{
        return string_in_charset(value + (*value == '-'), DIGITS)
                       ? strv_extendf(&step->app->words, "--%s=%s", row->option, value)
                       : lose(step, "'%s' is not a number", value);
}

static int no_check(QuadletStep *step, const QuadletRow *row, const char *value)
{
        return parse_boolean(value) == 0 ? 0 : strv_extendf(&step->app->words, "--%s=none", row->option);
}

/* In seconds; none at all is no limit. A pod has one for all its apps. */
static int timeout(QuadletStep *step, const QuadletRow *row, const char *value)
{
        uint64_t n;

        if (parse_uint64(value, &n) < 0)
                return lose(step, "'%s' is not a number of seconds", value);
        if (n == 0)
                return 0;
        if (endswith(step->pod->stem, ".pod"))
                return lose(step, "the limit would be that of the whole pod; write RuntimeMaxSec= into the .pod");
        if (strv_extendf(&step->pod->words, "--%s=%ss", row->option, value) < 0)
                return -ENOMEM;
        return quadlet_step_tell(step, FINDING_CHANGED, "the pod is stopped then in good order, and has failed");
}

/* "on-failure:N": the app is restarted in its pod, and not the pod. */
static int limited_restart(QuadletStep *step, const QuadletRow *row, const char *value)
{
        const char *limit = startswith(value, "on-failure:");
        uint32_t n;

        if (!limit || parse_uint32(limit, &n) < 0)
                return lose(step, "'%s' is not on-failure: and a number of restarts", value);
        if (strv_extendf(&step->app->words, "--%s=on-failure", row->option) < 0)
                return -ENOMEM;
        /* 0 is no limit to podman. */
        return n == 0 ? 0
                      : strv_extendf(&step->app->words, "--annotation=" APPC_ANNOTATION_RESTART_LIMIT "=%s", limit);
}

static int memory_of_pod(QuadletStep *step, const QuadletRow *row, const char *value)
{
        _cleanup_free_ char *size = NULL;
        int r = foreign_size_parse(value, &size);

        if (r == -EINVAL)
                return lose(step, FOREIGN_SIZE_RULE, value);
        if (r < 0 || streq(size, "0"))
                return r;
        if (endswith(size, "i"))
                size[strlen(size) - 1] = 0; /* systemd's K, M and G are the same */
        return strv_extendf(&step->pod->service, "%s=%s", row->option, size);
}

static int words_of_pod(QuadletStep *step, const QuadletRow *row, const char *value)
{
        _cleanup_strv_free_ char **words = NULL;
        int r = quadlet_split_words(value, &words);

        STRV_FOREACH(word, words)
                if (r >= 0)
                        r = strv_extendf(&step->pod->words, "--%s=%s", row->option, *word);
        return r;
}

static int privileged(QuadletStep *step, const QuadletRow *row, const char *value)
{
        if (parse_boolean(value) == 0)
                return 0;
        step->app->privileged = true;
        return quadlet_step_tell(step, FINDING_CHANGED, FOREIGN_PRIVILEGED);
}

int quadlet_ipc(QuadletStep *step, const QuadletRow *row, const char *value)
{
        static const char *const own[] = { "", "private", "shareable", NULL };
        static const char word[] = "--ipc=parent";

        if (strv_contains((char *const *) own, value))
                return 0;
        if (!streq(value, "host"))
                return lose(step, "'%s' is not possible: private or host", value);
        return strv_contains(step->pod->words, word) ? 0 : strv_extend(&step->pod->words, word);
}

const QuadletRow quadlet_option_rows[] = {
        { "Container", "--cpu-shares", number_to_app, "cpu-shares" },
        { "Container", "--ipc", quadlet_ipc, "ipc" },
        { "Container", "--no-healthcheck", no_check, "health-cmd" },
        { "Container", "--oom-score-adj", number_to_app, "oom-score-adj" },
        { "Container", "--privileged", privileged, "annotation=podctl/privileged" },
        { "Container", "--restart", limited_restart, "restart" },
        { "Container", "--timeout", timeout, "deadline" },
        { "Pod", "--ipc", quadlet_ipc, "ipc" },
        { "Pod", "--memory", memory_of_pod, "MemoryMax" },
        { "Pod", "--sysctl", words_of_pod, "sysctl" },
        {},
};

/* Keys */

/* What podman's containers have, where the file does not say something else. */
#define LABEL_TYPE "container_t"
#define LABEL_LEVEL "s0"

int quadlet_label(QuadletStep *step, const QuadletRow *row, const char *value)
{
        const QuadletEntry *type = quadlet_file_find(step->file, "Container", "SecurityLabelType"),
                           *level = quadlet_file_find(step->file, "Container", "SecurityLabelLevel");
        const char *parts[] = { type ? type->value : LABEL_TYPE, level ? level->value : LABEL_LEVEL };
        _cleanup_free_ char *word = strprintf("--%s=system_u:system_r:%s:%s", row->option, parts[0], parts[1]);

        for (size_t i = 0; i < ELEMENTSOF(parts); i++)
                if (!*parts[i] || !string_in_charset(parts[i], LOWERCASE UPPERCASE DIGITS "_.,:-"))
                        return lose(step, "'%s' is not a part of a label of SELinux", parts[i]);
        if (!word)
                return -ENOMEM;
        return strv_contains(step->app->words, word) ? 0 : strv_extend(&step->app->words, word);
}

int quadlet_unmask(QuadletStep *step, const QuadletRow *row, const char *value)
{
        if (strcasecmp(value, "ALL") != 0)
                return lose(step, "only ALL is possible, which shows all of the kernel's paths");
        step->app->openings.paths = true;
        return 0;
}
