/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>

#include "basic/parse.h"
#include "basic/path.h"
#include "basic/shell-words.h"
#include "foreign/quadlet/quadlet-program.h"
#include "manifest/ac-types.h"

#define lose(step, ...) quadlet_step_tell(step, FINDING_LOST, __VA_ARGS__)
#define change(step, ...) quadlet_step_tell(step, FINDING_CHANGED, __VA_ARGS__)

/* The image */

/* Only podman has it: a name of podctl's own store, where it has to be before. */
static int local_image(QuadletStep *step, const char *name, char **ret)
{
        if (!isalnum((unsigned char) *name) || !string_in_charset(name, LOWERCASE UPPERCASE DIGITS "._-/:@"))
                return lose(step, "'%s' is not a valid name of an image", name);
        if (free_and_strdup(ret, name) < 0)
                return -ENOMEM;
        return change(step, "only podman has this image: podman save, and podctl fetch --name=%s, come before", name);
}

static int built_image(QuadletStep *step, const QuadletFile *file, const char *value, char **ret)
{
        const QuadletEntry *tag = file ? quadlet_file_find_first(file, "Build", "ImageTag") : NULL;

        return tag ? local_image(step, tag->value, ret)
                   : lose(step, "there is no file %s with an ImageTag= among those that were given", value);
}

static int remote_image(QuadletStep *step, const char *name, const char *host, char **ret)
{
        free(*ret);
        *ret = path_is_absolute(name) || startswith(name, "docker://") ? strdup(name) : strjoin("docker://", name);
        if (!*ret)
                return -ENOMEM;
        if (strchr(name, ':') && strstr(name, ":/") && !startswith(name, "docker://"))
                return lose(step, "an image that only podman has: podman save, podctl fetch, and its name here");
        return strpbrk(host, ".:") && strchr(name, '/')
                       ? 0
                       : change(step, "a short name is one of Docker Hub here, whatever registries.conf says");
}

int quadlet_image_name(QuadletStep *step, const char *value, char **ret)
{
        const QuadletFile *file = quadlet_find_unit(step->files, step->n_files, value);
        const QuadletEntry *of_file = file ? quadlet_file_find(file, "Image", "Image") : NULL;
        const char *name = of_file ? of_file->value : value;
        _cleanup_free_ char *host = strndup(name, strcspn(name, "/"));

        if (!host)
                return -ENOMEM;
        if (endswith(value, ".build"))
                return built_image(step, file, value, ret);
        if (endswith(value, ".image") && !of_file)
                return lose(step, "there is no file %s with an Image= among those that were given", value);
        return streq(host, "localhost") ? local_image(step, name, ret) : remote_image(step, name, host, ret);
}

int quadlet_image(QuadletStep *step, const QuadletRow *row, const char *value)
{
        return quadlet_image_name(step, value, &step->app->image);
}

/* Its program */

static int command(char ***words, const char *value)
{
        *words = strv_free(*words);
        return quadlet_split_words(value, words);
}

int quadlet_exec(QuadletStep *step, const QuadletRow *row, const char *value)
{
        int r = command(&step->app->arguments, value);

        return r >= 0 && strv_contains(step->app->arguments, "---") ? lose(step, "'---' ends arguments here") : r;
}

/* -EINVAL: it is not a list of texts in JSON, or an empty one. */
static int words_of_json(const char *value, char ***ret)
{
        _cleanup_json_object_ json_object *list = *value == '[' ? json_tokener_parse(value) : NULL;
        _cleanup_strv_free_ char **words = NULL;
        size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

        for (size_t i = 0; i < n; i++) {
                json_object *word = json_object_array_get_idx(list, i);

                if (!json_object_is_type(word, json_type_string))
                        return -EINVAL;
                if (strv_extend(&words, json_object_get_string(word)) < 0)
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(words);
        return *ret ? 0 : -EINVAL;
}

int quadlet_entrypoint(QuadletStep *step, const QuadletRow *row, const char *value)
{
        _cleanup_strv_free_ char **words = NULL;
        int r;

        step->app->entrypoint = strv_free(step->app->entrypoint);
        if (*value != '[')
                return strv_extend(&step->app->entrypoint, value);
        r = words_of_json(value, &words);
        if (r == -EINVAL)
                return lose(step, "not a valid list of words in JSON");
        if (r >= 0 && strv_contains(words, "---"))
                return lose(step, "expected words, and no '---', which ends arguments here");
        step->app->entrypoint = TAKE_PTR(words);
        return r;
}

/* Checks: a text for a shell, or, with a first word that says so, or as a list in JSON, a program and its arguments
 * (podman-run(1), --health-cmd). */

static int split_check(const char *value, char ***ret)
{
        int r = words_of_json(value, ret);

        if (r != -EINVAL)
                return r;
        if (startswith(value, "CMD ") || streq(value, "NONE"))
                return strv_split(value, ' ', ret);
        return strv_extend(ret, startswith(value, "CMD-SHELL ") ?: value);
}

int quadlet_health_command(QuadletStep *step, const QuadletRow *row, const char *value)
{
        _cleanup_strv_free_ char **words = NULL;
        _cleanup_free_ char *joined = NULL;
        const char *text;
        bool program;
        int r = split_check(value, &words);

        if (r < 0)
                return r;
        program = streq(words[0], "CMD");
        text = streq(words[0], "NONE")                         ? "none"
               : streq(words[0], "CMD-SHELL") && words[1]      ? words[1]
               : !program && strv_length(words) == 1           ? words[0]
               : (joined = shell_words_join(words + program)) ? joined
                                                              : NULL;
        return text ? strv_extendf(&step->app->words, "--%s=%s", row->option, text) : -ENOMEM;
}

/* Variables */

int quadlet_environment(QuadletStep *step, const QuadletRow *row, const char *value)
{
        _cleanup_strv_free_ char **words = NULL;
        int r = quadlet_split_words(value, &words);

        STRV_FOREACH(word, words) {
                _cleanup_free_ char *name = NULL, *text = NULL;

                if (r < 0)
                        return r;
                r = split_pair(*word, '=', &name, &text);
                if (r >= 0)
                        r = text ? strv_env_set(&step->app->environment, name, text)
                                 : lose(step, "'%s' has no value; --inherit-env of podctl run takes podctl's", name);
        }
        return r;
}

/* A line of such a file as podman reads it: without quotes, and with its own '#' alone for comments. */
static int environment_line(QuadletStep *step, const char *path, size_t number, const char *line)
{
        _cleanup_free_ char *name = NULL, *text = NULL;
        int r;

        line += strspn(line, " \t\r\v\f");
        if (!*line || *line == '#')
                return 0;
        r = split_pair(line, '=', &name, &text);
        if (r < 0)
                return r;
        if (!text)
                return lose(step, "%s:%zu: '%s' has no value; --inherit-env of podctl run takes podctl's", path, number,
                            name);
        if (!ac_env_name_is_valid(name))
                return lose(step, "%s:%zu: '%s' is not a valid name of a variable", path, number, name);
        return strv_env_set(&step->app->defaults, name, text);
}

int quadlet_environment_file(QuadletStep *step, const QuadletRow *row, const char *value)
{
        _cleanup_free_ char *path = quadlet_path(step, value), *text = NULL;
        size_t n, number = 0;
        int r;

        if (*value == '-')
                return lose(step, "a file that may be missing; make it, and leave the hyphen away");
        r = path ? step->read(path, &text, &n) : -ENOMEM;
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return lose(step, "cannot read %s: %s", path, foreign_read_error(r));
        if (strlen(text) != n)
                return lose(step, "%s is not a file of text", path);
        for (char *cursor = text, *line; r >= 0 && (line = strsep(&cursor, "\n"));)
                r = environment_line(step, path, ++number, line);
        return r;
}
