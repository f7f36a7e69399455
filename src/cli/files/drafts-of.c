/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>
#include <unistd.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "basic/path.h"
#include "cli/files/composefile-list.h"
#include "cli/files/drafts-of.h"
#include "foreign/compose/composefile-plan.h"
#include "foreign/kube/kube-pod.h"
#include "foreign/quadlet/podman-run.h"
#include "foreign/quadlet/quadlet-plan.h"
#include "foreign/yaml/yaml-json.h"
#include "network/net-config.h"
#include "shared/explain.h"

/* What was asked for, and what the host has for it. */
typedef struct Files {
        QuadletFile *items;
        size_t n;
        char **networks;
        char **unread; /* files that have several units each */
        Findings wrong;
        char **second; /* files whose names others have that were read before, from other directories */
} Files;

static void files_done(Files *files)
{
        for (size_t i = 0; i < files->n; i++)
                quadlet_file_done(&files->items[i]);
        free(files->items);
        strv_free(files->networks);
        strv_free(files->unread);
        strv_free(files->second);
        findings_done(&files->wrong);
        *files = (Files) {};
}

static int find_networks(Context *c, Files *files)
{
        static const char *const without_file[] = { "none", "host", "all" };
        _cleanup_(net_definitions_done) NetDefinitions known = {};
        _cleanup_strv_free_ char **directories = NULL;
        int r = net_config_directories(c->local_config, c->system_config, &directories);

        if (r >= 0)
                r = net_config_read(directories, &known);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(without_file); i++)
                r = strv_extend(&files->networks, without_file[i]);
        for (size_t i = 0; r >= 0 && i < known.n; i++)
                r = strv_extend(&files->networks, known.items[i].name);
        return r < 0 ? log_error_errno(r, "Cannot read the configuration of networks: %m") : 0;
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

/* Units of Quadlet with a line "---" between them. */
static bool has_several(const char *name)
{
        return endswith(name, ".quadlets");
}

static int tell_unread(const Files *files, Findings *findings)
{
        int r = 0;

        STRV_FOREACH(path, files->unread)
                if (r >= 0)
                        r = findings_add(findings, *path, 0, "file", FINDING_LOST,
                                         "several units in one file are not read; write each into a file of its own");
        STRV_FOREACH(path, files->second)
                if (r >= 0)
                        r = findings_add(findings, *path, 0, "file", FINDING_LOST,
                                         "another file of this name was read before it; rename one of them");
        return r < 0 ? log_oom() : 0;
}

static bool same_file(const char *a, const char *b)
{
        struct stat x, y;

        return stat(a, &x) >= 0 && stat(b, &y) >= 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Links to one template have names of their own. */
static QuadletFile *find_file(Files *files, const char *path)
{
        for (size_t i = 0; i < files->n; i++)
                if (streq(path_basename(files->items[i].path), path_basename(path)))
                        return &files->items[i];
        return NULL;
}

/* A file that was not asked for does not matter, unless another names it; then it is missed there. One of many that
 * cannot be read is told with what is wrong with the others. */
static int add_file(Files *files, const char *path, bool beside, bool one_of_many)
{
        _cleanup_free_ char *message = NULL;
        QuadletFile *grown, *found = find_file(files, path);
        int r;

        if (found && same_file(found->path, path)) {
                found->beside = found->beside && beside;
                return 0;
        }
        if (found && !found->beside && !beside)
                return strv_extend(&files->second, path) < 0 ? log_oom() : 0;
        grown = reallocarray(files->items, files->n + 1, sizeof(QuadletFile));
        if (!grown)
                return log_oom();
        files->items = grown;
        grown[files->n] = (QuadletFile) {};
        r = quadlet_file_read(path, &grown[files->n], &message);
        if (r >= 0)
                r = podman_run_expand_arguments(&grown[files->n]);
        if (r < 0 && beside && r != -ENOMEM) {
                log_warning("%s is passed over, since it cannot be read: %s", path, explained(message, r));
                return 0;
        }
        if (r < 0 && one_of_many && r != -ENOMEM)
                return findings_add(&files->wrong, path, 0, "file", FINDING_LOST, "it cannot be read: %s",
                                    explained(message, r)) < 0
                               ? log_oom()
                               : 0;
        if (r < 0)
                return log_explained(r, message, "Cannot read %s", path);
        grown[files->n++].beside = beside;
        return 0;
}

static bool is_directory(const char *path)
{
        struct stat st;

        return stat(path, &st) >= 0 && S_ISDIR(st.st_mode);
}

/* beside: the file that was asked for, whose neighbours these are; NULL: all were asked for. Directories in it, but for
 * those of drop-ins, are added to *directories. */
static int add_directory(Files *files, const char *directory, const char *beside, char ***directories)
{
        _cleanup_strv_free_ char **names = NULL;
        int r = list_directory_at(AT_FDCWD, directory, &names);

        if (r < 0)
                return log_error_errno(r, "Cannot read %s: %m", directory);
        STRV_FOREACH(name, names) {
                _cleanup_free_ char *full = path_join(directory, *name);

                if (!full)
                        return log_oom();
                if (!beside && has_several(*name))
                        r = strv_extend(&files->unread, full) < 0 ? log_oom() : 0;
                else if (suffix_of(*name))
                        r = beside && streq(path_basename(beside), *name)
                                    ? 0
                                    : add_file(files, full, beside != NULL, true);
                else if (!endswith(*name, ".d") && is_directory(full))
                        r = strv_extend(directories, full) < 0 ? log_oom() : 0;
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
        _cleanup_strv_free_ char **within = NULL;
        _cleanup_free_ char *directory = base == path ? strdup(".") : strndup(path, base - path);
        int r = directory ? add_file(files, path, false, false) : log_oom();

        return r < 0 ? r : add_directory(files, directory, path, &within);
}

static bool is_there(const char *path)
{
        return access(path, F_OK) >= 0;
}

static int read_file(const char *path, char **ret, size_t *ret_size)
{
        return read_named_file(path, YAML_MAX_SIZE, ret, ret_size);
}

static int plan(const Files *files, const char *name, const char *from, PodDrafts *ret)
{
        _cleanup_free_ char *message = NULL;
        const QuadletInput input = { files->items, files->n, is_there, read_file, files->networks };
        int r = quadlet_plan_new(&input, name, ret, &message);

        return r < 0 ? log_explained(r, message, "Cannot take pods from %s", from) : 0;
}

/* Compose */

static int of_compose(const char *from, const char *name, const Files *files, PodDrafts *ret)
{
        _cleanup_(composefile_list_done) ComposefileList list = {};
        _cleanup_(pod_drafts_done) PodDrafts drafts = {};
        _cleanup_(findings_done) Findings beside = {};
        _cleanup_free_ char *message = NULL;
        ComposefileInput input;
        int r = composefile_list_find(from, &list, &beside);

        if (r < 0)
                return r;
        input = (ComposefileInput) { list.paths, list.environment, read_file, is_there, files->networks };
        r = composefile_plan_new(&input, name, &drafts, &message);
        if (r < 0)
                return log_error_errno(r, "Cannot take a pod from %s: %s", list.paths[0], explained(message, r));
        if (findings_move(&drafts.findings, &beside) < 0)
                return log_oom();
        *ret = drafts;
        drafts = (PodDrafts) {};
        return 0;
}

/* All */

/* In the places of Quadlet itself, these are for pods without root (podman-systemd.unit(5)). */
static bool is_of_users(const char *path)
{
        return endswith(path, "/containers/systemd/users");
}

/* More is hardly what was meant. */
#define DIRECTORIES_MAX 1000

/* Breadth first, each once: links may lead back. */
static int add_below(Files *files, const char *top, char ***directories)
{
        for (size_t i = 0; *directories && (*directories)[i]; i++) {
                const char *path = (*directories)[i];
                bool seen = is_of_users(path) || same_file(path, top);
                int r;

                if (i >= DIRECTORIES_MAX)
                        return log_error_errno(E2BIG, "%s has more than %i directories below it; give --from the one "
                                               "with the files", top, DIRECTORIES_MAX);
                for (size_t k = 0; k < i && !seen; k++)
                        seen = same_file(path, (*directories)[k]);
                r = seen ? 0 : add_directory(files, path, NULL, directories);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* A directory has files of Quadlet, or one of Compose, or Quadlet's in directories below it. */
static int of_directory(const char *directory, const char *name, Files *files, PodDrafts *ret)
{
        _cleanup_strv_free_ char **within = NULL;
        size_t before = files->n + strv_length(files->unread);
        int r = add_directory(files, directory, NULL, &within);
        bool found = files->n + strv_length(files->unread) > before;

        if (r >= 0 && (found || !composefile_list_has(directory))) {
                r = add_below(files, directory, &within);
                found = files->n + strv_length(files->unread) > before;
        }
        return r < 0 || found ? r : of_compose(directory, name, files, ret);
}

static int of_path(const char *from, const char *name, Files *files, PodDrafts *ret)
{
        if (access(from, F_OK) < 0 && !(strchr(from, ':') && kube_path_is_yaml(from)))
                return log_error_errno(errno, "Cannot read %s: %m", from);
        if (is_directory(from))
                return of_directory(from, name, files, ret);
        if (has_several(from))
                return strv_extend(&files->unread, from) < 0 ? log_oom() : 0;
        return kube_path_is_yaml(from) ? of_compose(from, name, files, ret) : read_file_and_beside(from, files);
}

int drafts_of_paths(Context *c, char *const *from, const char *name, PodDrafts *ret)
{
        _cleanup_(pod_drafts_done) PodDrafts all = {};
        _cleanup_(files_done) Files files = {};
        int r = find_networks(c, &files);

        STRV_FOREACH(path, from) {
                _cleanup_(pod_drafts_done) PodDrafts drafts = {};

                r = r < 0 ? r : of_path(*path, name, &files, &drafts);
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
        if (r >= 0)
                r = tell_unread(&files, &all.findings);
        if (r >= 0 && findings_move(&all.findings, &files.wrong) < 0)
                return log_oom();
        if (r >= 0 && name && all.n_pods > 1)
                return log_error_errno(EINVAL, "'%s' cannot be the name of %zu pods; give one file, or no name", name,
                                       all.n_pods);
        if (r < 0)
                return r;
        *ret = all;
        all = (PodDrafts) {};
        return 0;
}

int drafts_of_command(Context *c, char *const *words, const char *name, PodDrafts *ret)
{
        _cleanup_(files_done) Files files = { .items = new0(QuadletFile, 1) };
        _cleanup_free_ char *message = NULL;
        int r;

        if (!files.items)
                return log_oom();
        r = podman_run_parse(words, name, &files.items[0], &message);
        if (r < 0)
                return log_explained(r, message, "Cannot read the command line of podman run");
        files.n = 1;
        r = find_networks(c, &files);
        return r < 0 ? r : plan(&files, name, "podman run", ret);
}
