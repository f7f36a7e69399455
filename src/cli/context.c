/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"
#include "basic/log.h"
#include "basic/path.h"
#include "cli/context.h"
#include "image/trust/keystore.h"
#include "shared/explain.h"
#include "shared/json-foreign.h"

const Option context_options[] = {
        { "debug", &option_bool, offsetof(Context, debug), NULL, "Report more of what is done" },
        { "dir", &option_string, offsetof(Context, dir), "DIR", "Keep images and pods in DIR" },
        { "help", &option_bool, offsetof(Context, help), NULL, "Show this help", 'h' },
        { "insecure-options", &option_commas, offsetof(Context, insecure), "LIST",
          "Disable image, tls, http, pubkey, capabilities, paths, seccomp, all",
          .choices = "none|image|tls|http|pubkey|ondisk|capabilities|paths|seccomp|all-fetch|all-run|all" },
        { "local-config", &option_string, offsetof(Context, local_config), "DIR",
          "The administrator's configuration, /etc/podctl" },
        { "system-config", &option_string, offsetof(Context, system_config), "DIR",
          "The vendor's configuration, /usr/lib/podctl" },
        { "trust-keys-from-https", &option_bool, offsetof(Context, trust_keys_from_https), NULL,
          "Trust keys that an image's site publishes, without asking" },
        { "user-config", &option_string, offsetof(Context, user_config), "DIR",
          "The user's configuration, which overrides these" },
        { "version", &option_bool, offsetof(Context, version), NULL, "Show the version" },
        {},
};

void context_done(Context *c)
{
        options_free(context_options, c);
        pod_store_free(c->pods);
        image_store_free(c->images);
        volume_store_free(c->volumes);
        sd_bus_flush_close_unref(c->bus);
        host_config_free(c->config);
        context_end_processes(c);
}

void context_end_processes(Context *c)
{
        c->fetcher = fetcher_free(c->fetcher);
        json_foreign_done();
}

/* The words of --insecure-options= (rkt, Documentation/commands.md, "Global options"), and those that stand for
 * several. */
static const struct {
        const char *word;
        const char *includes;
} insecure_words[] = {
        { "none", "" },
        { "image", "image" },
        { "tls", "tls" },
        { "http", "http" },
        { "pubkey", "pubkey" },
        { "ondisk", "" },
        { "capabilities", "capabilities" },
        { "paths", "paths" },
        { "seccomp", "seccomp" },
        { "all-fetch", "image,tls,http,pubkey" },
        { "all-run", "capabilities,paths,seccomp" },
        { "all", "image,tls,http,pubkey,capabilities,paths,seccomp" },
};

int context_check(const Context *c)
{
        STRV_FOREACH(word, c->insecure) {
                bool known = false;

                for (size_t i = 0; i < ELEMENTSOF(insecure_words); i++)
                        known |= streq(insecure_words[i].word, *word);
                if (!known)
                        return log_error_errno(EINVAL, "Option --insecure-options does not know '%s'", *word);
        }
        return 0;
}

static bool list_contains(const char *list, const char *word)
{
        _cleanup_strv_free_ char **words = NULL;

        return strv_split(list, ',', &words) >= 0 && strv_contains(words, word);
}

bool context_is_insecure(const Context *c, const char *what)
{
        STRV_FOREACH(word, c->insecure)
                for (size_t i = 0; i < ELEMENTSOF(insecure_words); i++)
                        if (streq(insecure_words[i].word, *word) && list_contains(insecure_words[i].includes, what))
                                return true;
        return false;
}

int context_insecure_for_apps(const Context *c, char ***words)
{
        static const char *const protections[] = { "capabilities", "paths", "seccomp" };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(protections); i++)
                if (context_is_insecure(c, protections[i]) && !strv_contains(*words, protections[i]))
                        r = strv_extend(words, protections[i]);
        return r;
}

const char *const *context_config_roots(Context *c)
{
        c->config_roots[0] = c->system_config ?: KEYSTORE_SYSTEM;
        c->config_roots[1] = c->local_config ?: KEYSTORE_LOCAL;
        c->config_roots[2] = c->user_config;
        return c->config_roots;
}

int context_config(Context *c, const HostConfig **ret)
{
        _cleanup_free_ char *message = NULL;
        int r;

        if (!c->config) {
                r = host_config_read(context_config_roots(c), &c->config, &message);
                if (r < 0)
                        return log_explained(r, message, "Cannot read the configuration");
        }
        *ret = c->config;
        return 0;
}

/* Absolute, since other processes that get the path run in other directories. */
static int make_absolute(char **path)
{
        char *absolute;

        if (!path_is_absolute(*path) && mkdir(*path, 0755) < 0 && errno != EEXIST)
                return -errno;
        absolute = realpath(*path, NULL);
        if (!absolute)
                return errno == ENOENT ? 0 : -errno;
        free(*path);
        *path = absolute;
        return 0;
}

int context_directory(Context *c, const char **ret)
{
        const HostConfig *config;
        int r;

        if (!c->dir) {
                r = context_config(c, &config);
                if (r < 0)
                        return r;
                if (free_and_strdup(&c->dir, config->data ?: PODS_DEFAULT_DATA) < 0)
                        return log_oom();
        }
        /* Once: the text is with callers. */
        r = path_is_absolute(c->dir) ? 0 : make_absolute(&c->dir);
        if (r < 0)
                return log_error_errno(r, "Cannot use %s: %m", c->dir);
        *ret = c->dir;
        return 0;
}

static const char *remedy(int error)
{
        return error == -EACCES && geteuid() != 0 ? "; become root, or for list, status, fetch, image list and image "
                                                    "cat-manifest a member of the group podctl"
                                                  : "";
}

int context_pods(Context *c, PodStore **ret)
{
        const char *data;
        int r;

        if (!c->pods) {
                r = context_directory(c, &data);
                if (r < 0)
                        return r;
                r = pod_store_open(data, &c->pods);
                if (r < 0)
                        return log_error_errno(r, "Cannot open the pods below %s: %m%s", data, remedy(r));
        }
        *ret = c->pods;
        return 0;
}

int context_images(Context *c, ImageStore **ret)
{
        _cleanup_free_ char *message = NULL;
        const char *data;
        int r;

        if (!c->images) {
                r = context_directory(c, &data);
                if (r < 0)
                        return r;
                r = image_store_open(data, &c->images, &message);
                if (r < 0)
                        return message ? log_error_errno(r, "Cannot open the images: %s%s", message, remedy(r))
                                       : log_error_errno(r, "Cannot open the images below %s: %m%s", data, remedy(r));
        }
        *ret = c->images;
        return 0;
}

int context_volumes(Context *c, VolumeStore **ret)
{
        const char *data;
        int r;

        if (!c->volumes) {
                r = context_directory(c, &data);
                if (r < 0)
                        return r;
                r = volume_store_open(data, &c->volumes);
                if (r < 0)
                        return log_error_errno(r, "Cannot open the volumes below %s: %m%s", data, remedy(r));
        }
        *ret = c->volumes;
        return 0;
}

int context_lock_images(Context *c, int operation, ImageStore **ret)
{
        int fd;

        fd = context_images(c, ret);
        if (fd < 0)
                return fd;
        fd = image_store_lock(*ret, operation | LOCK_NB);
        if (fd == -EAGAIN) {
                log_info("Waiting for another process to finish with the images");
                fd = image_store_lock(*ret, operation);
        }
        return fd < 0 ? log_error_errno(fd, "Cannot lock the images: %m") : fd;
}

int context_bus(Context *c, sd_bus **ret)
{
        int r;

        /* The event loop of a pod closes it at its end, and another pod may follow. */
        if (c->bus && sd_bus_is_open(c->bus) <= 0)
                c->bus = sd_bus_unref(c->bus);
        if (!c->bus) {
                r = sd_bus_open_system(&c->bus);
                if (r < 0)
                        return log_error_errno(r, "Cannot connect to the system bus: %m; is this a systemd host?");
        }
        *ret = c->bus;
        return 0;
}

int context_fetcher(Context *c, Fetcher **ret)
{
        _cleanup_free_ char *message = NULL;
        int r;

        if (!c->fetcher) {
                r = fetcher_new(&(FetcherOptions) {
                        .config_roots = context_config_roots(c),
                        .insecure_tls = context_is_insecure(c, "tls"),
                        .plain_http = context_is_insecure(c, "http"),
                }, &c->fetcher, &message);
                if (r < 0)
                        return log_explained(r, message, "Cannot use the network");
        }
        *ret = c->fetcher;
        return 0;
}

int context_look_for_pod(Context *c, const char *text, Pod **ret, char **reterr_message)
{
        _cleanup_strv_free_ char **fitting = NULL;
        PodStore *pods;
        int r;

        r = context_pods(c, &pods);
        if (r < 0)
                return r;

        r = pod_find(pods, text, ret, &fitting);
        if (r == -EINVAL)
                return explain_line(reterr_message, r, "UUID cannot be empty");
        if (r == -ENOENT)
                return explain_line(reterr_message, r, "Pod '%s': no matches found; 'podctl list --all' shows the pods "
                                    "there are", text);
        if (r == -ENOTUNIQ)
                return explain_line(reterr_message, r, "Pod '%s' is ambiguous: %s and %s%s begin with it", text,
                                    fitting[0], fitting[1], fitting[2] ? " and others" : "");
        return r < 0 ? explain_line(reterr_message, r, "Pod '%s': %s", text, strerror(-r)) : 0;
}

int context_find_pod(Context *c, const char *text, Pod **ret)
{
        _cleanup_free_ char *message = NULL;
        int r = context_look_for_pod(c, text, ret, &message);

        /* Without a message, it is the store, which has been told. */
        return r < 0 && message ? log_error_errno(r, "%s", message) : r;
}

static int read_uuid_file(const char *path, char **ret)
{
        int r = read_file_at(AT_FDCWD, path, 256, ret, NULL);

        if (r < 0)
                return log_error_errno(r, "Cannot read the UUID in %s: %m", path);
        (*ret)[strcspn(*ret, "\n")] = 0;
        return 0;
}

int context_find_pod_by_file(Context *c, const char *path, Pod **ret)
{
        _cleanup_free_ char *text = NULL;
        int r = read_uuid_file(path, &text);

        return r < 0 ? r : context_find_pod(c, text, ret);
}

int context_pod_words(const char *uuid_file, char *const *words, char ***ret)
{
        _cleanup_free_ char *text = NULL;
        int r = uuid_file ? read_uuid_file(uuid_file, &text) : 0, k;

        *ret = new0(char *, 1);
        k = *ret ? 0 : -ENOMEM;
        if (k >= 0 && text)
                k = strv_extend(ret, text);
        if (k >= 0)
                k = strv_extend_strv(ret, words);
        return k < 0 ? log_oom() : r;
}

char *pod_unit_name(const char *pod_name)
{
        return strjoin("podctl-", pod_name, ".service");
}
