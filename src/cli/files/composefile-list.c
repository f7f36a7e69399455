/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>
#include <unistd.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "basic/path.h"
#include "cli/files/composefile-list.h"
#include "foreign/compose/composefile-variables.h"
#include "foreign/draft/foreign-read.h"

#define VARIABLES_MAX_SIZE (1024 * 1024)

/* In the order in which Compose looks for them. */
static const char *const names[] = { "compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml" },
                        *const override_names[] = { "compose.override.yaml", "compose.override.yml",
                                                    "docker-compose.override.yaml", "docker-compose.override.yml" };

void composefile_list_done(ComposefileList *list)
{
        strv_free(list->paths);
        strv_free(list->environment);
        *list = (ComposefileList) {};
}

/* Variables */

static int read_variables(const char *path, bool required, char ***ret)
{
        _cleanup_free_ char *text = NULL, *message = NULL;
        size_t n;
        int r = read_named_file(path, VARIABLES_MAX_SIZE, &text, &n);

        if (r == -ENOENT && !required)
                return 0;
        if (r < 0)
                return log_error_errno(r, "Cannot read %s: %s", path, foreign_read_error(r));
        r = composefile_variables_parse(text, n, environ, ret, &message);
        if (r == -EINVAL)
                return log_error_errno(r, "Cannot read variables of %s, line %s", path, strempty(message));
        return r < 0 ? log_oom() : 0;
}

/* COMPOSE_ENV_FILES names others instead of ".env", from where podctl was called. */
static int read_files_of_variables(const char *directory, char ***ret)
{
        const char *said = getenv("COMPOSE_ENV_FILES"), *off = getenv("COMPOSE_DISABLE_ENV_FILE");
        _cleanup_strv_free_ char **files = NULL;
        _cleanup_free_ char *usual = path_join(directory, ".env");
        int r = usual ? strv_split(strempty(said), ',', &files) : -ENOMEM;

        if (r < 0)
                return log_oom();
        if (off && parse_boolean(off) > 0)
                return 0;
        if (isempty(said))
                return read_variables(usual, false, ret);
        STRV_FOREACH(file, files)
                if (r >= 0)
                        r = read_variables(*file, true, ret);
        return r;
}

static int read_environment(const char *directory, char ***ret)
{
        int r = read_files_of_variables(directory, ret);

        STRV_FOREACH(variable, environ) {
                _cleanup_free_ char *name = NULL, *value = NULL;

                if (r < 0)
                        return r;
                if (split_pair(*variable, '=', &name, &value) < 0 || (value && strv_env_set(ret, name, value) < 0))
                        return log_oom();
        }
        return r;
}

/* Files */

static int find_first(const char *directory, const char *const *candidates, size_t n, char **ret)
{
        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *path = path_join(directory, candidates[i]);

                if (!path)
                        return log_oom();
                if (access(path, F_OK) >= 0) {
                        *ret = TAKE_PTR(path);
                        return 1;
                }
        }
        return 0;
}

bool composefile_list_has(const char *directory)
{
        _cleanup_free_ char *path = NULL;

        return find_first(directory, names, ELEMENTSOF(names), &path) > 0;
}

/* Directory: where relative paths begin; NULL: where podctl was called. */
static int add(ComposefileList *list, const char *directory, const char *path)
{
        _cleanup_free_ char *full = path_is_absolute(path) || !directory ? strdup(path) : path_join(directory, path);

        return full && strv_extend(&list->paths, full) >= 0 ? 0 : log_oom();
}

static int add_each(ComposefileList *list, const char *directory, const char *paths, char separator)
{
        _cleanup_strv_free_ char **words = NULL;
        int r = strv_split(paths, separator, &words) < 0 ? log_oom() : 0;

        STRV_FOREACH(word, words)
                if (r >= 0)
                        r = add(list, directory, *word);
        return r;
}

static int find_in_directory(ComposefileList *list, const char *directory)
{
        const char *said = strv_env_get(list->environment, "COMPOSE_FILE"),
                   *separator = strv_env_get(list->environment, "COMPOSE_PATH_SEPARATOR");
        _cleanup_free_ char *path = NULL, *over = NULL;
        int r;

        if (!isempty(said))
                return add_each(list, directory, said, isempty(separator) ? ':' : *separator);
        r = find_first(directory, names, ELEMENTSOF(names), &path);
        if (r == 0)
                return log_error_errno(ENOENT,
                                       "%s: there is no file of Quadlet (NAME.container, NAME.pod and so on) or "
                                       "Compose (compose.yaml)", directory);
        if (r >= 0)
                r = find_first(directory, override_names, ELEMENTSOF(override_names), &over);
        if (r >= 0)
                r = strv_extend(&list->paths, path) < 0 ? log_oom() : 0;
        return r >= 0 && over && strv_extend(&list->paths, over) < 0 ? log_oom() : r;
}

/* Compose does not read it either where files are named. */
static int tell_override(const char *directory, char *const *paths, Findings *findings)
{
        _cleanup_free_ char *over = NULL;
        int r = find_first(directory, override_names, ELEMENTSOF(override_names), &over);

        STRV_FOREACH(path, paths)
                if (r <= 0 || streq(path_basename(*path), path_basename(over)))
                        return r;
        return findings_add(findings, over, 0, "override", FINDING_CHANGED,
                            "it is not read, since a file was named; name its directory, or %s:%s", paths[0], over) < 0
                       ? log_oom()
                       : 0;
}

static int find_named(ComposefileList *list, const char *from, const char *directory, Findings *findings)
{
        int r = access(from, F_OK) >= 0 ? add(list, NULL, from) : add_each(list, NULL, from, ':');

        return r < 0 ? r : tell_override(directory, list->paths, findings);
}

int composefile_list_find(const char *from, ComposefileList *ret, Findings *findings)
{
        _cleanup_(composefile_list_done) ComposefileList list = {};
        _cleanup_free_ char *directory = NULL;
        struct stat st;
        bool whole = stat(from, &st) >= 0 && S_ISDIR(st.st_mode);
        int r;

        directory = whole ? strdup(from) : strndup(from, path_basename(from) - from);
        if (!directory)
                return log_oom();
        if (!whole && access(from, F_OK) < 0) {
                const char *slash = memrchr(from, '/', strcspn(from, ":"));

                directory[slash ? slash - from + 1 : 0] = 0;
        }
        r = read_environment(*directory ? directory : ".", &list.environment);
        if (r >= 0)
                r = whole ? find_in_directory(&list, directory)
                          : find_named(&list, from, *directory ? directory : ".", findings);
        if (r < 0)
                return r;
        *ret = list;
        list = (ComposefileList) {};
        return 0;
}
