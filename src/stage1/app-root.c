/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <grp.h>
#include <pwd.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "basic/path.h"
#include "manifest/appc-image.h"
#include "shared/explain.h"
#include "stage1/app-root.h"

#define APP_GROUPS_MAX 65536U /* NGROUPS_MAX of the kernel */

void app_identity_done(AppIdentity *i)
{
        i->groups = mfree(i->groups);
        i->name = mfree(i->name);
        i->home = mfree(i->home);
        i->program = mfree(i->program);
        i->pre_start = mfree(i->pre_start);
        i->post_stop = mfree(i->post_stop);
        i->binds = strv_free(i->binds);
        i->shared = strv_free(i->shared);
        for (HealthKind kind = 0; kind < _HEALTH_KIND_MAX; kind++)
                i->checks[kind] = mfree(i->checks[kind]);
        for (AppHook hook = 0; hook < _APP_HOOK_MAX; hook++)
                i->hooks[hook] = mfree(i->hooks[hook]);
}

/* The maker of the image, or the app itself, may have put anything there. Longer files are taken to have no users,
 * longer lines are passed over: fgetpwent(3) takes time by the square of a line's length. */
#define USERS_FILE_MAX (4U * 1024 * 1024)
#define USERS_LINE_MAX (64U * 1024)

static size_t drop_long_lines(char *text, size_t n)
{
        size_t kept = 0;

        for (size_t at = 0, length; at < n; at += length) {
                const char *end = memchr(text + at, '\n', n - at);

                length = end ? (size_t) (end - text) + 1 - at : n - at;
                if (length > USERS_LINE_MAX)
                        continue;
                memmove(text + kept, text + at, length);
                kept += length;
        }
        return kept;
}

typedef struct UsersFile {
        char *text;
        FILE *stream; /* NULL: there are none */
} UsersFile;

static UsersFile users_file_open(int root_fd, const char *path)
{
        UsersFile f = {};
        size_t n = 0;

        if (read_file_in_root(root_fd, path, USERS_FILE_MAX, &f.text, &n) >= 0 && (n = drop_long_lines(f.text, n)) > 0)
                f.stream = fmemopen(f.text, n, "re");
        return f;
}

static void users_file_done(UsersFile *f)
{
        fclosep(&f->stream);
        free(f->text);
}

/* The entry of a name or, with a NULL name, of a number. *ret_name may be NULL. */
static int find_user(int root_fd, const char *name, uid_t uid, uid_t *ret_uid, gid_t *ret_gid, char **ret_name)
{
        _cleanup_(users_file_done) UsersFile f = users_file_open(root_fd, "/etc/passwd");

        for (struct passwd *pw; f.stream && (pw = fgetpwent(f.stream));)
                if (name ? streq(pw->pw_name, name) : pw->pw_uid == uid) {
                        *ret_uid = pw->pw_uid;
                        *ret_gid = pw->pw_gid;
                        return ret_name ? free_and_strdup(ret_name, pw->pw_name) : 0;
                }
        return -ESRCH;
}

static int append_group(AppIdentity *identity, gid_t gid)
{
        gid_t *grown = reallocarray(identity->groups, identity->n_groups + 1, sizeof(gid_t));

        if (!grown)
                return -ENOMEM;
        grown[identity->n_groups++] = gid;
        identity->groups = grown;
        return 0;
}

static int add_group(AppIdentity *identity, gid_t gid)
{
        for (size_t i = 0; i < identity->n_groups; i++)
                if (identity->groups[i] == gid)
                        return 0;
        return append_group(identity, gid);
}

/* A process cannot be in a group that the pod does not have, or in more groups than the kernel allows. */
static bool can_be_in(const struct group *gr, const char *name, size_t n_groups)
{
        if (gr->gr_gid < POD_UID_COUNT && n_groups < APP_GROUPS_MAX)
                return true;
        log_warning("User '%s' is not in group '%s' (%u) here: "
                    "a process is in %u groups at most, and a pod has those below %u",
                    name, gr->gr_name, gr->gr_gid, APP_GROUPS_MAX, POD_UID_COUNT);
        return false;
}

static int add_groups_of_user(int root_fd, const char *name, AppIdentity *identity)
{
        _cleanup_(users_file_done) UsersFile f = users_file_open(root_fd, "/etc/group");
        _cleanup_free_ bool *seen = new0(bool, POD_UID_COUNT);

        if (!seen)
                return -ENOMEM;
        for (size_t i = 0; i < identity->n_groups; i++)
                if (identity->groups[i] < POD_UID_COUNT)
                        seen[identity->groups[i]] = true;
        for (struct group *gr; f.stream && (gr = fgetgrent(f.stream));) {
                int r;

                if ((gr->gr_gid < POD_UID_COUNT && seen[gr->gr_gid]) || !strv_contains(gr->gr_mem, name) ||
                    !can_be_in(gr, name, identity->n_groups))
                        continue;
                seen[gr->gr_gid] = true;
                r = append_group(identity, gr->gr_gid);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int find_group(int root_fd, const char *name, gid_t *ret)
{
        _cleanup_(users_file_done) UsersFile f = users_file_open(root_fd, "/etc/group");

        for (struct group *gr; f.stream && (gr = fgetgrent(f.stream));)
                if (streq(gr->gr_name, name)) {
                        *ret = gr->gr_gid;
                        return 0;
                }
        return -ESRCH;
}

static int stat_in_root(int root_fd, const char *path, struct stat *ret)
{
        _cleanup_close_ int fd = open_in_root(root_fd, path, O_PATH);

        if (fd < 0)
                return fd;
        return fstat(fd, ret) < 0 ? -errno : 0;
}

/* *ret_listed: the image gives the user this group; it is not merely a stand-in. */
static int resolve_user(const char *user, int root_fd, uid_t shift, uid_t *ret_uid, gid_t *ret_gid, bool *ret_listed)
{
        struct stat st;
        uint32_t uid;
        int r;

        *ret_listed = true;
        if (isempty(user) || streq(user, "root")) {
                *ret_uid = 0;
                *ret_gid = 0;
                return 0;
        }

        if (path_is_absolute(user)) {
                r = stat_in_root(root_fd, user, &st);
                if (r < 0)
                        return -ESRCH;
                *ret_uid = st.st_uid - shift;
                *ret_gid = st.st_gid - shift;
                return 0;
        }

        if (parse_uint32(user, &uid) < 0)
                return find_user(root_fd, user, 0, ret_uid, ret_gid, NULL);

        *ret_uid = uid;
        *ret_gid = 0;
        *ret_listed = find_user(root_fd, NULL, uid, ret_uid, ret_gid, NULL) >= 0;
        return 0;
}

static int resolve_group(const char *group, int root_fd, uid_t shift, gid_t *ret)
{
        struct stat st;
        int r;

        if (streq(group, "root")) {
                *ret = 0;
                return 0;
        }
        if (path_is_absolute(group)) {
                r = stat_in_root(root_fd, group, &st);
                if (r < 0)
                        return -ESRCH;
                *ret = st.st_gid - shift;
                return 0;
        }
        return parse_uint32(group, ret) >= 0 ? 0 : find_group(root_fd, group, ret);
}

static bool has_groups_of_image(const AppcPodApp *app)
{
        const char *said = strv_env_get(app->annotations, APPC_ANNOTATION_IMAGE_GROUPS);

        return said ? streq(said, "yes") : app->app->group_from_user;
}

static int resolve_groups(const PlanApp *app, int root_fd, AppIdentity *identity)
{
        const App *a = app->app->app;
        _cleanup_free_ char *name = NULL;
        uid_t uid;
        gid_t gid;
        int r = 0;

        identity->n_groups = 0;
        for (size_t i = 0; r >= 0 && i < a->n_supplementary_gids; i++)
                r = add_group(identity, a->supplementary_gids[i]);
        if (r < 0 || !has_groups_of_image(app->app) || find_user(root_fd, NULL, identity->uid, &uid, &gid, &name) < 0)
                return r;
        return add_groups_of_user(root_fd, name, identity);
}

/* If two entries have the number, the one with the name that the image gave counts. */
static int resolve_home(const App *a, int root_fd, AppIdentity *identity)
{
        _cleanup_(users_file_done) UsersFile f = a->home_from_user ? users_file_open(root_fd, "/etc/passwd")
                                                                   : (UsersFile) {};
        int r = 0;

        for (struct passwd *pw; f.stream && (pw = fgetpwent(f.stream));) {
                bool named = a->user && streq(pw->pw_name, a->user);

                if (pw->pw_uid != identity->uid || (identity->name && !named))
                        continue;
                r = free_and_strdup(&identity->name, pw->pw_name);
                if (r < 0)
                        return r;
                r = free_and_strdup(&identity->home, isempty(pw->pw_dir) ? "/" : pw->pw_dir);
                if (r < 0)
                        return r;
                if (named)
                        break;
        }
        return a->home_from_user && !identity->home ? free_and_strdup(&identity->home, "/") : r;
}

int app_environment(const PlanApp *app, const AppIdentity *identity, char ***ret)
{
        const struct {
                const char *name, *value;
        } rows[] = {
                { "HOME", identity->home },
                { "USER", identity->name },
                { "LOGNAME", identity->name },
        };
        _cleanup_strv_free_ char **environment = strv_copy(app->environment);
        int r = environment ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(rows); i++)
                if (rows[i].value && !strv_env_get(environment, rows[i].name))
                        r = strv_env_set(&environment, rows[i].name, rows[i].value);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(environment);
        return 0;
}

/* With its own IDs, a pod has so many of them. UINT32_MAX is no ID: to the kernel, it means that one stays as it is
 * (setresuid(2)). */
static bool id_is_of_pod(uint32_t id, uid_t shift)
{
        return id < (shift > 0 ? POD_UID_COUNT : UINT32_MAX);
}

int app_identify_user(const PlanApp *app, int root_fd, uid_t shift, AppIdentity *identity, char **reterr_message)
{
        const App *a = app->app->app;
        bool listed;
        int r;

        r = resolve_user(a->user, root_fd, shift, &identity->uid, &identity->gid, &listed);
        if (r < 0)
                return explain(reterr_message, r, "app '%s': the image has no user '%s'", app->app->name, a->user);
        if (!isempty(a->group) && !(a->group_from_user && listed)) {
                r = resolve_group(a->group, root_fd, shift, &identity->gid);
                if (r < 0)
                        return explain(reterr_message, r, "app '%s': the image has no group '%s'", app->app->name,
                                       a->group);
        }

        if (app->non_root && identity->uid == 0)
                return explain(reterr_message, EPERM, "app '%s': its user is root, and '" APPC_ANNOTATION_NON_ROOT
                               "' is 'true'; name another user", app->app->name);
        if (!id_is_of_pod(identity->uid, shift) || !id_is_of_pod(identity->gid, shift))
                return explain(reterr_message, ESRCH,
                               "app '%s': user %u, group %u: IDs in a pod with its own are below %u", app->app->name,
                               identity->uid, identity->gid, POD_UID_COUNT);
        r = resolve_groups(app, root_fd, identity);
        return r < 0 ? r : resolve_home(a, root_fd, identity);
}

static bool is_program(int root_fd, const char *path)
{
        struct stat st;

        return stat_in_root(root_fd, path, &st) >= 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111);
}

int app_find_program(const PlanApp *app, int root_fd, const char *name, char **ret)
{
        const char *directory = app->app->app->working_directory ?: "/";
        _cleanup_strv_free_ char **path = NULL;
        int r;

        if (strchr(name, '/')) {
                *ret = path_is_absolute(name) ? strdup(name) : path_join(directory, name);
                return *ret ? 0 : -ENOMEM;
        }

        r = strv_split(strempty(strv_env_get(app->environment, "PATH")), ':', &path);
        if (r < 0)
                return r;
        STRV_FOREACH(p, path) {
                _cleanup_free_ char *candidate = path_join(*p, name);

                if (!candidate)
                        return -ENOMEM;
                if (path_is_absolute(candidate) && is_program(root_fd, candidate)) {
                        *ret = TAKE_PTR(candidate);
                        return 0;
                }
        }
        return -ENOENT;
}

/* What systemd mounts when the app starts cannot be looked into before. */
static bool may_be_program(int root_fd, char *const *binds, const char *path)
{
        _cleanup_free_ char *followed = NULL;

        if (is_program(root_fd, path))
                return true;
        if (!binds || follow_in_root(root_fd, path, &followed) < 0)
                return false;
        STRV_FOREACH(bind, binds)
                if (path_is_at_or_below(followed, strchr(*bind, ':') + 1))
                        return true;
        return false;
}

/* path: where it was looked for, unless that was all of $PATH. */
static int explain_program(const PlanApp *app, int root_fd, const char *path, int r, char **reterr_message)
{
        const char *name = app->app->name;
        struct stat st;

        if (!path || stat_in_root(root_fd, path, &st) < 0)
                return explain(reterr_message, r, "app '%s': the image has no program '%s'", name,
                               app->app->app->exec[0]);
        return explain(reterr_message, r, "app '%s': %s of the image is %s", name, path,
                       S_ISDIR(st.st_mode) ? "a directory, not a program" : "not executable");
}

static int find_handler(const PlanApp *app, int root_fd, char *const *binds, char *const *exec, const char *event,
                        char **ret, char **reterr_message)
{
        int r;

        if (strv_length(exec) == 0)
                return 0;
        r = app_find_program(app, root_fd, exec[0], ret);
        if (r == -ENOMEM)
                return r;
        if (r < 0 || !may_be_program(root_fd, binds, *ret))
                return explain(reterr_message, ENOENT, "app '%s': the image has no program '%s' for event %s",
                               app->app->name, exec[0], event);
        return 0;
}

/* A missing program makes the app unhealthy, or the hook fail; that is no reason not to start it. */
static int find_program_beside(const PlanApp *app, const HealthCheck *check, int root_fd, char **ret)
{
        _cleanup_strv_free_ char **command = NULL;
        int r;

        if (!health_check_wanted(check) || health_check_connects(check))
                return 0;
        r = health_check_command(check, NULL, &command);
        if (r < 0)
                return r;
        r = app_find_program(app, root_fd, command[0], ret);
        return r == -ENOENT ? free_and_strdup(ret, command[0]) : r;
}

static int find_programs_beside(const PlanApp *app, int root_fd, AppIdentity *identity)
{
        const App *a = app->app->app;
        int r = 0;

        for (HealthKind kind = 0; r >= 0 && kind < _HEALTH_KIND_MAX; kind++)
                r = find_program_beside(app, a->checks[kind], root_fd, &identity->checks[kind]);
        for (AppHook hook = 0; r >= 0 && hook < _APP_HOOK_MAX; hook++) {
                const HealthCheck check = app_hook_as_check(a->hooks[hook]);

                if (!app_hook_sleeps(a->hooks[hook]))
                        r = find_program_beside(app, &check, root_fd, &identity->hooks[hook]);
        }
        return r;
}

/* The path of one that is not there is what the launcher says, and what it finds nothing at. */
static int find_missing_program(const PlanApp *app, char **ret)
{
        const char *name = app->app->app->exec[0];
        _cleanup_strv_free_ char **path = NULL;
        int r = *ret ? 0 : strv_split(strempty(strv_env_get(app->environment, "PATH")), ':', &path);

        if (r < 0 || *ret)
                return r;
        *ret = path_join(path && path_is_absolute(strempty(path[0])) ? path[0] : "/usr/bin", name);
        return *ret ? 0 : -ENOMEM;
}

static int identify_program(const PlanApp *app, int root_fd, AppIdentity *identity, char **reterr_message)
{
        int r = app_find_program(app, root_fd, app->app->app->exec[0], &identity->program);

        if (r == -ENOMEM)
                return r;
        if (app->any_program)
                return find_missing_program(app, &identity->program);
        return r < 0 || !may_be_program(root_fd, identity->binds, identity->program)
                       ? explain_program(app, root_fd, identity->program, r < 0 ? r : -ENOENT, reterr_message)
                       : 0;
}

int app_identify(const PlanApp *app, int root_fd, uid_t uid_shift, AppIdentity *ret, char **reterr_message)
{
        _cleanup_(app_identity_done) AppIdentity identity = { .binds = TAKE_PTR(ret->binds),
                                                                   .shared = TAKE_PTR(ret->shared) };
        int r;

        r = app_identify_user(app, root_fd, uid_shift, &identity, reterr_message);
        if (r < 0)
                return r;
        r = identify_program(app, root_fd, &identity, reterr_message);
        if (r < 0)
                return r;
        r = find_handler(app, root_fd, identity.binds, app->app->app->pre_start, "pre-start", &identity.pre_start,
                         reterr_message);
        if (r < 0)
                return r;
        r = find_handler(app, root_fd, identity.binds, app->app->app->post_stop, "post-stop",
                         &identity.post_stop, reterr_message);
        if (r < 0)
                return r;
        r = find_programs_beside(app, root_fd, &identity);
        if (r < 0)
                return r;

        *ret = identity;
        identity = (AppIdentity) {};
        return 0;
}
