/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "network/net-cni.h"
#include "shared/explain.h"

#define OUTPUT_MAX (1U << 20)
#define DEFAULT_VERSION "0.2.0"

static const char *text(json_object *o, const char *name)
{
        json_object *value = json_member(o, name, json_type_string);

        return value ? json_object_get_string(value) : NULL;
}

static size_t n_plugins(json_object *conf)
{
        return json_object_array_length(json_member(conf, "plugins", json_type_array));
}

static json_object *plugin_at(json_object *conf, size_t i)
{
        return json_object_array_get_idx(json_member(conf, "plugins", json_type_array), i);
}

static const char *version_of(json_object *conf)
{
        return text(conf, "cniVersion") ?: DEFAULT_VERSION;
}

/* Compares versions as numbers, not as text. */
static bool version_at_least(const char *version, unsigned major, unsigned minor)
{
        unsigned a = 0, b = 0;

        (void) sscanf(version, "%u.%u", &a, &b);
        return a > major || (a == major && b >= minor);
}

static bool wants_ports(json_object *plugin)
{
        json_object *capabilities = json_member(plugin, "capabilities", json_type_object),
                    *o = json_member(capabilities, "portMappings", json_type_boolean);

        return o && json_object_get_boolean(o);
}

static bool masquerades(json_object *plugin)
{
        json_object *o = json_member(plugin, "ipMasq", json_type_boolean);

        return o && json_object_get_boolean(o);
}

static bool any_plugin(json_object *conf, bool (*is_so)(json_object *plugin))
{
        for (size_t i = 0; i < n_plugins(conf); i++)
                if (is_so(plugin_at(conf, i)))
                        return true;
        return false;
}

bool cni_forwards_ports(json_object *conf)
{
        return any_plugin(conf, wants_ports);
}

bool cni_masquerades(json_object *conf)
{
        return any_plugin(conf, masquerades);
}

static json_object *port_mappings(const CniPod *pod)
{
        json_object *array = json_object_new_array();

        for (size_t i = 0; i < pod->n_ports; i++)
                for (uint32_t k = 0; k < pod->ports[i].count; k++) {
                        json_object *o = json_object_new_object();

                        (void) json_object_object_add(o, "hostPort",
                                                      json_object_new_int64(pod->ports[i].host_port + k));
                        (void) json_object_object_add(o, "containerPort",
                                                      json_object_new_int64(pod->ports[i].port + k));
                        (void) json_object_object_add(o, "protocol", json_object_new_string(pod->ports[i].protocol));
                        if (pod->ports[i].host_ip)
                                (void) json_object_object_add(o, "hostIP",
                                                              json_object_new_string(pod->ports[i].host_ip));
                        (void) json_object_array_add(array, o);
                }
        return array;
}

int cni_input(const CniPod *pod, json_object *conf, size_t i, json_object *previous, json_object **ret)
{
        json_object *plugin = plugin_at(conf, i), *o = NULL;

        if (json_object_deep_copy(plugin, &o, NULL) < 0)
                return -ENOMEM;
        if (!text(o, "name"))
                (void) json_object_object_add(o, "name", json_object_new_string(strempty(text(conf, "name"))));
        if (!text(o, "cniVersion") && text(conf, "cniVersion"))
                (void) json_object_object_add(o, "cniVersion", json_object_new_string(version_of(conf)));
        if (previous)
                (void) json_object_object_add(o, "prevResult", json_object_get(previous));
        if (wants_ports(plugin) && pod->n_ports > 0) {
                json_object *runtime = json_object_new_object();

                (void) json_object_object_add(runtime, "portMappings", port_mappings(pod));
                (void) json_object_object_add(o, "runtimeConfig", runtime);
        }
        *ret = o;
        return 0;
}

/* Results */

static int add_address(json_object *o, const char *name, NetStateJoin *j)
{
        const char *address = text(o, name), *gateway = text(o, "gateway");
        int r = 0;

        if (address)
                r = strv_extend(&j->addresses, address);
        if (r < 0)
                return r;
        if (gateway)
                r = strv_extend(&j->gateways, gateway);
        return r;
}

static const char *host_interface(json_object *result)
{
        json_object *array = json_member(result, "interfaces", json_type_array);

        for (size_t i = 0; array && i < json_object_array_length(array); i++) {
                json_object *o = json_object_array_get_idx(array, i);

                if (isempty(text(o, "sandbox")) && text(o, "name"))
                        return text(o, "name");
        }
        return NULL;
}

int cni_result_read(json_object *result, NetStateJoin *j)
{
        static const char *const old[] = { "ip4", "ip6" };
        json_object *ips = json_member(result, "ips", json_type_array),
                    *dns = json_member(result, "dns", json_type_object);
        size_t n = ips ? json_object_array_length(ips) : ELEMENTSOF(old);
        int r;

        for (size_t i = 0; i < n; i++) {
                r = ips ? add_address(json_object_array_get_idx(ips, i), "address", j)
                        : add_address(json_member(result, old[i], json_type_object), "ip", j);
                if (r < 0)
                        return r;
        }
        r = free_and_strdup(&j->host_interface, host_interface(result));
        if (r < 0 || !dns)
                return r;
        json_table_free(net_dns_table, &j->dns);
        return json_table_read(net_dns_table, dns, &j->dns, NULL);
}

/* Running plugins */

typedef struct Call {
        const CniPod *pod;
        const NetStateJoin *join;
        const char *command;
        const char *type;
        const char *netns;
        char *program;
        int in, out, err;
} Call;

static void call_done(Call *c)
{
        free(c->program);
        safe_close(c->in);
        safe_close(c->out);
        safe_close(c->err);
}

static int find_program(Call *c, char **reterr_message)
{
        _cleanup_free_ char *all = NULL;

        STRV_FOREACH(directory, c->join->plugin_path) {
                _cleanup_free_ char *path = path_join(*directory, c->type);

                if (!path)
                        return -ENOMEM;
                if (access(path, X_OK) >= 0) {
                        c->program = TAKE_PTR(path);
                        return 0;
                }
        }
        all = strv_join(c->join->plugin_path, ", ");
        return explain(reterr_message, ENOENT,
                       "there is no such plugin in %s; Debian's are in containernetworking-plugins", strempty(all));
}

static int set_variables(const Call *c)
{
        _cleanup_free_ char *path = strv_join(c->join->plugin_path, ":"),
                            *arguments = strv_join(c->join->arguments, ";"),
                            *all = strjoin("IgnoreUnknown=1;", strempty(arguments));
        /* IgnoreUnknown=1: each plugin of a chain gets all arguments, and most plugins would refuse one that they do
         * not know. */
        const char *const pairs[][2] = {
                { "CNI_COMMAND", c->command },
                { "CNI_CONTAINERID", c->pod->uuid },
                { "CNI_NETNS", strempty(c->netns) },
                { "CNI_IFNAME", c->join->interface },
                { "CNI_PATH", strempty(path) },
                { "CNI_ARGS", isempty(arguments) ? "" : strempty(all) },
        };

        for (size_t i = 0; i < ELEMENTSOF(pairs); i++)
                if (setenv(pairs[i][0], pairs[i][1], 1) < 0)
                        return -errno;
        return setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 0) < 0 ? -errno : 0;
}

/* The child's part, in the host's network with no other descriptor open. */
static _noreturn_ void become_plugin(const Call *c)
{
        if (dup2(c->in, STDIN_FILENO) < 0 || dup2(c->out, STDOUT_FILENO) < 0 || dup2(c->err, STDERR_FILENO) < 0 ||
            (c->pod->host_ns >= 0 && setns(c->pod->host_ns, CLONE_NEWNET) < 0) || set_variables(c) < 0)
                _exit(126);
        (void) close_range(3, ~0U, 0);
        (void) execl(c->program, c->program, NULL);
        _exit(127);
}

/* Uses files in memory instead of pipes, so that neither podctl nor the plugin ever blocks on a full pipe. */
static int open_streams(Call *c, const char *input)
{
        c->in = memfd_create("cni-in", MFD_CLOEXEC);
        c->out = memfd_create("cni-out", MFD_CLOEXEC);
        c->err = memfd_create("cni-err", MFD_CLOEXEC);
        if (c->in < 0 || c->out < 0 || c->err < 0)
                return -errno;
        if (loop_write(c->in, input, strlen(input)) < 0 || lseek(c->in, 0, SEEK_SET) < 0)
                return -errno;
        return 0;
}

static int read_stream(int fd, char **ret)
{
        char path[PROC_FD_PATH_MAX];

        return read_file_at(AT_FDCWD, proc_fd_path(fd, path), OUTPUT_MAX, ret, NULL);
}

/* Explains a failure in the plugin's own words: "msg" and "details" of its answer, else the first line of its
 * output. */
static int explain_failure(const Call *c, int status, char **reterr_message)
{
        _cleanup_free_ char *out = NULL, *err = NULL;
        _cleanup_json_object_ json_object *o = NULL;
        const char *words, *details;

        (void) read_stream(c->out, &out);
        (void) read_stream(c->err, &err);
        (void) json_parse_memory(strempty(out), strlen(strempty(out)), &o, NULL);
        words = text(o, "msg");
        details = text(o, "details");
        if (!words)
                words = isempty(out) ? strempty(err) : out;
        return explain(reterr_message, EIO, "%.*s%s%s%s", (int) strcspn(words, "\n"), words,
                       isempty(details) ? "" : ": ", strempty(details),
                       *words ? "" : WIFSIGNALED(status) ? "killed by a signal" : "failed without a message");
}

static int wait_for(const Call *c, pid_t pid, char **reterr_message)
{
        int status;

        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : explain_failure(c, status, reterr_message);
}

static int read_answer(const Call *c, json_object **ret, JsonError *e)
{
        _cleanup_free_ char *out = NULL;
        int r;

        r = read_stream(c->out, &out);
        return r < 0 ? r : json_parse_memory(out, strlen(out), ret, e);
}

static int call_plugin(Call *c, size_t i, json_object *previous, json_object **ret, char **reterr_message)
{
        _cleanup_json_object_ json_object *input = NULL;
        _cleanup_json_error_ JsonError e = {};
        _cleanup_free_ char *in = NULL;
        pid_t pid;
        int r;

        r = cni_input(c->pod, c->join->conf, i, previous, &input);
        if (r < 0)
                return r;
        r = find_program(c, reterr_message);
        if (r < 0)
                return r;
        r = json_format_compact(input, &in);
        if (r < 0)
                return r;
        r = open_streams(c, in);
        if (r < 0)
                return r;
        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                become_plugin(c);
        r = wait_for(c, pid, reterr_message);
        if (r < 0 || !ret)
                return r;
        r = read_answer(c, ret, &e);
        return r < 0 ? explain(reterr_message, r, "its answer: %s", json_error_message(&e, r)) : 0;
}

static int run_plugin(const CniPod *pod, const NetStateJoin *j, const char *command, size_t i, json_object *previous,
                      json_object **ret, char **reterr_message)
{
        json_object *plugin = plugin_at(j->conf, i);
        _cleanup_(call_done) Call c = { pod, j, command, strempty(text(plugin, "type")),
                                        pod->stand_in && !masquerades(plugin) ? NULL : pod->netns, NULL,
                                        -EBADF, -EBADF, -EBADF };
        int r;

        r = call_plugin(&c, i, previous, ret, reterr_message);
        if (r < 0)
                return explain_context(reterr_message, r, "network '%s': %s of plugin '%s'", j->name, command, c.type);
        return 0;
}

int cni_add(const CniPod *pod, NetStateJoin *j, char **reterr_message)
{
        _cleanup_json_object_ json_object *result = NULL;

        for (size_t i = 0; i < n_plugins(j->conf); i++) {
                json_object *next = NULL;
                int r = run_plugin(pod, j, "ADD", i, result, &next, reterr_message);

                if (r < 0)
                        return r;
                (void) json_object_put(result);
                result = next;
        }
        (void) json_object_put(j->result);
        j->result = TAKE_PTR(result);
        return cni_result_read(j->result, j);
}

int cni_delete(const CniPod *pod, const NetStateJoin *j, char **reterr_message)
{
        bool cached = version_at_least(version_of(j->conf), 0, 4);
        int first = 0;

        for (size_t i = n_plugins(j->conf); i-- > 0;) {
                _cleanup_free_ char *message = NULL;
                int r = run_plugin(pod, j, "DEL", i, cached ? j->result : NULL, NULL, &message);

                if (r < 0 && first >= 0)
                        first = explain(reterr_message, r, "%s", strempty(message));
        }
        return first;
}

int cni_check(const CniPod *pod, const NetStateJoin *j, char **reterr_message)
{
        json_object *disabled = json_member(j->conf, "disableCheck", json_type_boolean);

        if (!version_at_least(version_of(j->conf), 0, 4) || (disabled && json_object_get_boolean(disabled)))
                return CNI_NOT_CHECKED;
        for (size_t i = 0; i < n_plugins(j->conf); i++) {
                int r = run_plugin(pod, j, "CHECK", i, j->result, NULL, reterr_message);

                if (r < 0)
                        return r;
        }
        return 0;
}
