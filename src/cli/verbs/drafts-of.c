/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>
#include <unistd.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "basic/path.h"
#include "cli/compose/given-file.h"
#include "cli/verbs/drafts-of.h"
#include "foreign/compose/composefile-plan.h"
#include "foreign/compose/composefile-variables.h"
#include "foreign/kube/kube-pod.h"
#include "foreign/quadlet/podman-run.h"
#include "foreign/quadlet/quadlet-plan.h"
#include "foreign/yaml/yaml-json.h"
#include "shared/explain.h"

#define VARIABLES_MAX_SIZE (1024 * 1024)

typedef struct Files {
        QuadletFile *items;
        size_t n;
} Files;

static void files_done(Files *files)
{
        for (size_t i = 0; i < files->n; i++)
                quadlet_file_done(&files->items[i]);
        files->items = mfree(files->items);
        files->n = 0;
}

static const char *suffix_of(const char *name)
{
        static const char *const suffixes[] = {
                ".container", ".pod", ".volume", ".network", ".image", ".kube", ".build", ".artifact"
        };

        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++)
                if (endswith(name, suffixes[i]) && !streq(name, suffixes[i]))
                        return suffixes[i];
        return NULL;
}

/* Quadlet */

static bool same_file(const char *a, const char *b)
{
        struct stat x, y;

        return stat(a, &x) >= 0 && stat(b, &y) >= 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Links to one template have names of their own. */
static QuadletFile *find_file(Files *files, const char *path)
{
        for (size_t i = 0; i < files->n; i++)
                if (streq(path_basename(files->items[i].path), path_basename(path)) &&
                    same_file(files->items[i].path, path))
                        return &files->items[i];
        return NULL;
}

static int add_file(Files *files, const char *path, bool beside)
{
        _cleanup_free_ char *message = NULL;
        QuadletFile *grown, *found = find_file(files, path);
        int r;

        if (found) {
                found->beside = found->beside && beside;
                return 0;
        }
        grown = reallocarray(files->items, files->n + 1, sizeof(QuadletFile));
        if (!grown)
                return log_oom();
        files->items = grown;
        grown[files->n] = (QuadletFile) {};
        r = quadlet_file_read(path, &grown[files->n], &message);
        if (r < 0)
                return log_explained(r, message, "Cannot read %s", path);
        grown[files->n++].beside = beside;
        return 0;
}

/* Those that may have files, too. */
static int warn_of_directories(const char *directory)
{
        _cleanup_strv_free_ char **names = NULL;
        int r = list_directory_at(AT_FDCWD, directory, &names);

        if (r < 0)
                return log_error_errno(r, "Cannot read %s: %m", directory);
        STRV_FOREACH(name, names) {
                _cleanup_free_ char *full = path_join(directory, *name);
                struct stat st;

                if (!full)
                        return log_oom();
                if (stat(full, &st) >= 0 && S_ISDIR(st.st_mode) && !endswith(*name, ".d"))
                        log_warning("%s: directories within a directory are not read; give it to --from, too", full);
        }
        return 0;
}

/* path: the file that is asked for; NULL: all. */
static int add_directory(Files *files, const char *directory, const char *path)
{
        _cleanup_strv_free_ char **names = NULL;
        int r = list_directory_at(AT_FDCWD, directory, &names);

        if (r < 0)
                return log_error_errno(r, "Cannot read %s: %m", directory);
        STRV_FOREACH(name, names) {
                _cleanup_free_ char *full = path_join(directory, *name);

                if (!full)
                        return log_oom();
                if (!suffix_of(*name) || (path && streq(path_basename(path), *name)))
                        continue;
                r = add_file(files, full, path != NULL);
                if (r < 0)
                        return r;
        }
        return 0;
}

static bool names(const QuadletFile *f, const QuadletFile *other)
{
        _cleanup_free_ char *name = strjoin(other->stem, ".", other->suffix);

        for (size_t i = 0; name && i < f->n_entries; i++) {
                const char *found = strstr(f->entries[i].value, name);

                if (found && (found == f->entries[i].value || strchr(" ,=", found[-1])))
                        return true;
        }
        return false;
}

/* A pod needs its containers, and everything needs its volumes, networks, images and pod. */
static bool is_needed(const QuadletFile *f, const QuadletFile *wanted)
{
        const QuadletEntry *pod = quadlet_file_find(f, "Container", "Pod");

        if (streq(f->suffix, "container"))
                return streq(wanted->suffix, "pod") && pod && startswith(pod->value, wanted->stem) &&
                       streq(pod->value + strlen(wanted->stem), ".pod");
        return !streq(f->suffix, "kube") && names(wanted, f);
}

static void want_needed(Files *files)
{
        bool more = true;

        while (more) {
                more = false;
                for (size_t i = 0; i < files->n; i++)
                        for (size_t k = 0; k < files->n && files->items[i].beside; k++)
                                if (!files->items[k].beside && is_needed(&files->items[i], &files->items[k])) {
                                        files->items[i].beside = false;
                                        more = true;
                                }
        }
}

static int read_file_and_beside(const char *path, Files *files)
{
        const char *base = path_basename(path);
        _cleanup_free_ char *directory = base == path ? strdup(".") : strndup(path, base - path);
        int r = directory ? add_file(files, path, false) : log_oom();

        return r < 0 ? r : add_directory(files, directory, path);
}

static bool is_there(const char *path)
{
        return access(path, F_OK) >= 0;
}

static int read_variables(const char *path, char **ret, size_t *ret_size)
{
        return read_named_file(path, VARIABLES_MAX_SIZE, ret, ret_size);
}

static int plan(const Files *files, const char *name, const char *from, PodDrafts *ret)
{
        _cleanup_free_ char *message = NULL;
        const QuadletInput input = { files->items, files->n, is_there, read_variables };
        int r = quadlet_plan_new(&input, name, ret, &message);

        return r < 0 ? log_explained(r, message, "Cannot take pods from %s", from) : 0;
}

/* Compose */

/* Variables of the caller, over those of .env beside the file. */
static int read_environment(const char *path, char ***ret)
{
        _cleanup_free_ char *env = strndup(path, path_basename(path) - path), *full = NULL, *text = NULL,
                            *message = NULL;
        size_t n;
        int r;

        full = env ? strjoin(env, ".env") : NULL;
        if (!full)
                return log_oom();
        r = read_variables(full, &text, &n);
        if (r < 0 && r != -ENOENT)
                return log_error_errno(r, "Cannot read %s: %m", full);
        if (r >= 0)
                r = composefile_variables_parse(text, n, environ, ret, &message);
        if (r == -EINVAL)
                return log_error_errno(r, "Cannot read variables of %s, line %s", full, strempty(message));
        STRV_FOREACH(variable, environ) {
                _cleanup_free_ char *name = NULL, *value = NULL;

                if (split_pair(*variable, '=', &name, &value) < 0 || (value && strv_env_set(ret, name, value) < 0))
                        return log_oom();
        }
        return r == -ENOMEM ? log_oom() : 0;
}

static const char *const override_names[] = { "compose.override.yaml", "compose.override.yml",
                                              "docker-compose.override.yaml", "docker-compose.override.yml" };

static int tell_overrides(const char *path, PodDrafts *drafts)
{
        _cleanup_free_ char *directory = strndup(path, path_basename(path) - path);

        for (size_t i = 0; directory && i < ELEMENTSOF(override_names); i++) {
                _cleanup_free_ char *full = strjoin(directory, override_names[i]);

                if (full && access(full, F_OK) >= 0 &&
                    findings_add(&drafts->findings, full, 0, "override", FINDING_LOST,
                                 "it is not read; write what it says into %s", path_basename(path)) < 0)
                        return log_oom();
        }
        return directory ? 0 : log_oom();
}

static int of_compose(const char *path, const char *name, PodDrafts *ret)
{
        _cleanup_strv_free_ char **environment = NULL;
        _cleanup_free_ char *text = NULL, *message = NULL;
        size_t n;
        int r = given_file_read(path, YAML_MAX_SIZE, &text, &n);

        if (r < 0)
                return r;
        r = read_environment(path, &environment);
        if (r < 0)
                return r;
        r = composefile_plan_new(&(ComposefileInput) { path, text, n, environment, read_variables, is_there }, name,
                                 ret, &message);
        if (r < 0)
                return log_error_errno(r, "Cannot take a pod from %s: %s", path, explained(message, r));
        return tell_overrides(path, ret);
}

/* The file of Compose in a directory that has nothing of Quadlet; in the order in which Compose looks for it. */
static int find_compose(const char *directory, char **ret)
{
        static const char *const names[] = { "compose.yaml", "compose.yml", "docker-compose.yaml",
                                             "docker-compose.yml" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_free_ char *path = path_join(directory, names[i]);

                if (!path)
                        return log_oom();
                if (access(path, F_OK) >= 0) {
                        *ret = TAKE_PTR(path);
                        return 0;
                }
        }
        return log_error_errno(ENOENT,
                               "%s: there is no file of Quadlet (NAME.container, NAME.pod and so on) or "
                               "Compose (compose.yaml)",
                               directory);
}

/* All */

/* A directory has files of Quadlet, or else one of Compose. */
static int of_directory(const char *directory, const char *name, Files *files, PodDrafts *ret)
{
        _cleanup_free_ char *compose = NULL;
        size_t before = files->n;
        int r = add_directory(files, directory, NULL);

        if (r < 0)
                return r;
        if (files->n > before)
                return warn_of_directories(directory);
        r = find_compose(directory, &compose);
        return r < 0 ? r : of_compose(compose, name, ret);
}

static int of_path(const char *from, const char *name, Files *files, PodDrafts *ret)
{
        struct stat st;

        if (stat(from, &st) < 0)
                return log_error_errno(errno, "Cannot read %s: %m", from);
        if (S_ISDIR(st.st_mode))
                return of_directory(from, name, files, ret);
        return kube_path_is_yaml(from) ? of_compose(from, name, ret) : read_file_and_beside(from, files);
}

int drafts_of_paths(char *const *from, const char *name, PodDrafts *ret)
{
        _cleanup_(pod_drafts_done) PodDrafts all = {};
        _cleanup_(files_done) Files files = {};
        int r = 0;

        STRV_FOREACH(path, from) {
                _cleanup_(pod_drafts_done) PodDrafts drafts = {};

                r = of_path(*path, name, &files, &drafts);
                if (r < 0)
                        return r;
                if (pod_drafts_move(&all, &drafts) < 0)
                        return log_oom();
        }
        if (files.n > 0) {
                _cleanup_(pod_drafts_done) PodDrafts drafts = {};

                want_needed(&files);
                r = plan(&files, name, from[1] ? "files of Quadlet" : from[0], &drafts);
                if (r >= 0 && pod_drafts_move(&all, &drafts) < 0)
                        return log_oom();
        }
        if (r >= 0 && name && all.n_pods > 1)
                return log_error_errno(EINVAL, "'%s' cannot be the name of %zu pods; give one file, or no name", name,
                                       all.n_pods);
        if (r < 0)
                return r;
        *ret = all;
        all = (PodDrafts) {};
        return 0;
}

int drafts_of_command(char *const *words, const char *name, PodDrafts *ret)
{
        _cleanup_(quadlet_file_done) QuadletFile file = {};
        _cleanup_free_ char *message = NULL;
        int r = podman_run_parse(words, name, &file, &message);

        if (r < 0)
                return log_explained(r, message, "Cannot read the command line of podman run");
        return plan(&(Files) { &file, 1 }, name, "podman run", ret);
}
