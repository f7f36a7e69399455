/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/parse.h"
#include "cli/start/pod-json.h"
#include "cli/start/pod-ports.h"
#include "cli/verbs/verbs.h"
#include "shared/explain.h"

typedef struct PortArgs {
        char *format;
} PortArgs;

static const Option options[] = {
        { "format", &option_choice, offsetof(PortArgs, format), "FORMAT", "json or json-pretty",
          .choices = JSON_FORMATS },
        {},
};

/* What is asked for: "80", "80/tcp". Without a number, everything. */
typedef struct Wanted {
        uint32_t port;
        const char *protocol; /* NULL: any */
} Wanted;

static int parse_wanted(const char *text, Wanted *ret)
{
        _cleanup_free_ char *number = text ? strndup(text, strcspn(text, "/")) : NULL;
        const char *slash = text ? strchr(text, '/') : NULL;

        *ret = (Wanted) {};
        if (!text)
                return 0;
        if (!number)
                return log_oom();
        if (parse_uint32(number, &ret->port) < 0 || ret->port < 1 || ret->port > UINT16_MAX)
                return log_error_errno(EINVAL, "'%s' is not a port; write PORT or PORT/PROTOCOL", text);
        ret->protocol = slash ? slash + 1 : NULL;
        return 0;
}

/* One line a port, also of ranges. All addresses of the host, of both families, are 0.0.0.0 here. */
static size_t print_port(const NetPort *p, const Wanted *w)
{
        const char *ip = p->host_ip ?: "0.0.0.0", *open = strchr(ip, ':') ? "[" : "", *close = *open ? "]" : "";
        size_t n = 0;

        if (w->protocol && !streq(p->protocol, w->protocol))
                return 0;
        for (uint32_t i = 0; i < p->count; i++) {
                if (w->port > 0 && p->port + i != w->port)
                        continue;
                if (w->port == 0)
                        (void) printf("%u/%s -> ", p->port + i, p->protocol);
                (void) printf("%s%s%s:%u\n", open, ip, close, p->host_port + i);
                n++;
        }
        return n;
}

static int print_ports(const Pod *pod, const char *text)
{
        NetPort *ports;
        size_t n, printed = 0;
        Wanted wanted;
        int r;

        r = parse_wanted(text, &wanted);
        if (r < 0)
                return r;
        r = pod_ports(pod, &ports, &n);
        if (r < 0)
                return log_error_errno(r, "Cannot find the ports of pod %s: %m", pod->uuid.s);
        for (size_t i = 0; i < n; i++)
                printed += print_port(&ports[i], &wanted);
        net_ports_free(ports, n);
        if (text && printed == 0)
                return log_error_errno(ENOENT, "No port of the host leads to port %s of pod '%s'", text,
                                       pod->settings->name);
        return 0;
}

static int run(Context *c, void *userdata, char **words)
{
        const PortArgs *args = userdata;
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_(pod_freep) Pod *pod = NULL;
        _cleanup_free_ char *message = NULL;
        int r;

        if (args->format && words[1])
                return log_error_errno(EINVAL, "Option --format is for all ports of a pod, without PORT");
        r = context_find_pod(c, words[0], &pod);
        if (r < 0)
                return r;
        r = pod_load(pod, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot read pod %s", pod->uuid.s);
        if (!args->format)
                return print_ports(pod, words[1]);
        o = pod_ports_to_json(pod);
        (void) print_json(o, args->format);
        return 0;
}

const Verb verb_port = {
        .name = "port",
        .usage = "POD [PORT[/PROTOCOL]]",
        .summary = "Show which ports of the host lead into a pod",
        .options = options,
        .args_size = sizeof(PortArgs),
        .flags = VERB_GROUP | VERB_AFTER_ENDINGS,
        .min_words = 1,
        .max_words = 2,
        .completes = "POD -",
        .run = run,
};
