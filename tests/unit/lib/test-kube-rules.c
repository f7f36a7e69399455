/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <regex.h>
#include <stdint.h>

#include "basic/strv.h"
#include "lib/test-kube-rules.h"
#include "manifest/ac-types.h"

#define LABEL "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
#define SUBDOMAIN LABEL "(\\." LABEL ")*"
#define NUMBER "[0-9]{1,9}|1[0-9]{9}|20[0-9]{8}|21[0-3][0-9]{7}|214[0-6][0-9]{6}"
/* No component is "..". */
#define COMPONENT "([^/.][^/]*|\\.[^/.][^/]*|\\.\\.[^/]+|\\.)"
#define RELATIVE COMPONENT "(/+" COMPONENT ")*/*"
#define PORT "[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
#define POSITIVE "[1-9][0-9]{0,8}"

static char *broken;

static void tell(const char *path, const char *rule)
{
        char *longer = strprintf("%s%s%s: %s", broken, *broken ? "\n" : "", path, rule);

        cr_assert(longer);
        free(broken);
        broken = longer;
}

static json_object *at(json_object *o, const char *path)
{
        _cleanup_free_ char *words = strdup(path);

        for (char *cursor = words, *word; o && (word = strsep(&cursor, "."));)
                o = json_object_is_type(o, json_type_object) ? json_object_object_get(o, word) : NULL;
        return o;
}

static size_t length(json_object *o)
{
        return json_object_is_type(o, json_type_array) ? json_object_array_length(o) : 0;
}

static const char *text_at(json_object *o, const char *path)
{
        json_object *found = at(o, path);

        return found ? json_object_get_string(found) : "";
}

/* Values of one place */

static bool matches(const char *text, const char *pattern)
{
        _cleanup_free_ char *whole = strprintf("^(%s)$", pattern);
        regex_t regex;
        bool found;

        cr_assert_eq(regcomp(&regex, whole, REG_EXTENDED | REG_NOSUB), 0, "%s", pattern);
        found = regexec(&regex, text, 0, NULL, 0) == 0;
        regfree(&regex);
        return found;
}

static bool is_address(const char *text)
{
        unsigned char address[sizeof(struct in6_addr)];

        return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

static const struct Rule {
        const char *path; /* of a member, with "[]" for each element */
        const char *pattern; /* NULL: an address */
        size_t max;
} rules[] = {
        { "metadata.name", SUBDOMAIN, 253 },
        { "spec.hostname", LABEL, 63 },
        { "spec.containers[].name", LABEL, 63 },
        { "spec.initContainers[].name", LABEL, 63 },
        { "spec.containers[].image", "[^ ].*[^ ]|[^ ]", SIZE_MAX },
        { "spec.volumes[].name", LABEL, 63 },
        { "spec.volumes[].hostPath.path", "/?" RELATIVE "|/", SIZE_MAX },
        { "spec.volumes[].persistentVolumeClaim.claimName", SUBDOMAIN, 253 },
        { "spec.containers[].volumeMounts[].mountPath", "[^:]+", SIZE_MAX },
        { "spec.containers[].volumeMounts[].subPath", RELATIVE, SIZE_MAX },
        { "spec.containers[].env[].name", "[-._a-zA-Z][-._a-zA-Z0-9]*", SIZE_MAX },
        { "spec.containers[].securityContext.runAsUser", NUMBER, SIZE_MAX },
        { "spec.containers[].securityContext.runAsGroup", NUMBER, SIZE_MAX },
        { "spec.containers[].securityContext.capabilities.add[]", "[A-Z_]+", SIZE_MAX },
        { "spec.containers[].securityContext.capabilities.drop[]", "[A-Z_]+", SIZE_MAX },
        { "spec.containers[].securityContext.seccompProfile.localhostProfile", RELATIVE, SIZE_MAX },
        { "spec.containers[].ports[].containerPort", PORT, SIZE_MAX },
        { "spec.containers[].ports[].hostPort", PORT, SIZE_MAX },
        { "spec.containers[].ports[].hostIP", NULL, SIZE_MAX },
        { "spec.containers[].livenessProbe.successThreshold", "1", SIZE_MAX },
        { "spec.containers[].startupProbe.successThreshold", "1", SIZE_MAX },
        { "spec.containers[].livenessProbe.periodSeconds", POSITIVE, SIZE_MAX },
        { "spec.containers[].livenessProbe.timeoutSeconds", POSITIVE, SIZE_MAX },
        { "spec.containers[].livenessProbe.httpGet.port", PORT, SIZE_MAX },
        { "spec.securityContext.fsGroup", NUMBER, SIZE_MAX },
        { "spec.securityContext.supplementalGroups[]", NUMBER, SIZE_MAX },
        { "spec.activeDeadlineSeconds", POSITIVE "|" NUMBER, SIZE_MAX },
        { "spec.dnsConfig.nameservers[]", NULL, SIZE_MAX },
        { "spec.dnsConfig.searches[]", "\\.|" SUBDOMAIN "\\.?", 253 },
        { "spec.dnsConfig.options[].name", ".+", SIZE_MAX },
        { "spec.hostAliases[].ip", NULL, SIZE_MAX },
        { "spec.hostAliases[].hostnames[]", SUBDOMAIN, 253 },
};

static void check_value(const struct Rule *rule, json_object *o)
{
        const char *text = json_object_get_string(o);

        if (strlen(text) > rule->max)
                tell(rule->path, "too long");
        if (rule->pattern ? !matches(text, rule->pattern) : !is_address(text))
                tell(rule->path, text);
}

static void check_rule(const struct Rule *rule, const char *path, json_object *o)
{
        const char *list = strstr(path, "[]");
        _cleanup_free_ char *name = list ? strndup(path, list - path) : strdup(path);
        json_object *found = *path ? at(o, name) : o;

        if (!list && found)
                check_value(rule, found);
        for (size_t i = 0; list && i < length(found); i++)
                check_rule(rule, list + 2 + (list[2] == '.'), json_object_array_get_idx(found, i));
}

/* What is between several places */

static int64_t quantity_of(json_object *o)
{
        Quantity q;

        cr_assert(quantity_from_json(o, &q) >= 0);
        return quantity_milli(q);
}

static void check_container(json_object *c, bool init)
{
        static const char *const resources[] = { "cpu", "memory" },
                                *const lasting[] = { "livenessProbe", "readinessProbe", "startupProbe" };

        for (size_t i = 0; i < ELEMENTSOF(resources); i++) {
                json_object *limit = at(at(c, "resources.limits"), resources[i]),
                            *request = at(at(c, "resources.requests"), resources[i]);

                if (limit && request && quantity_of(request) > quantity_of(limit))
                        tell(resources[i], "must be less than or equal to the limit");
        }
        for (size_t i = 0; init && !at(c, "restartPolicy") && i < ELEMENTSOF(lasting); i++)
                if (at(c, lasting[i]))
                        tell(lasting[i], "may not be set for init containers without restartPolicy=Always");
        if (init && !at(c, "restartPolicy") && at(c, "lifecycle"))
                tell("lifecycle", "may not be set for init containers without restartPolicy=Always");
        if (streq(text_at(c, "securityContext.allowPrivilegeEscalation"), "false") &&
            streq(text_at(c, "securityContext.privileged"), "true"))
                tell("allowPrivilegeEscalation", "cannot be false where privileged is true");
        for (size_t i = 0; i < length(at(c, "volumeMounts")); i++)
                for (size_t k = 0; k < i; k++)
                        if (streq(text_at(json_object_array_get_idx(at(c, "volumeMounts"), i), "mountPath"),
                                  text_at(json_object_array_get_idx(at(c, "volumeMounts"), k), "mountPath")))
                                tell("mountPath", "must be unique");
}

static void check_signals(json_object *c, json_object *spec)
{
        if (at(c, "lifecycle.stopSignal") && !at(spec, "os.name"))
                tell("stopSignal", "may not be set without os.name");
}

static void check_containers(json_object *spec, const char *member, bool init)
{
        json_object *all = at(spec, member);

        for (size_t i = 0; i < length(all); i++) {
                check_container(json_object_array_get_idx(all, i), init);
                check_signals(json_object_array_get_idx(all, i), spec);
        }
}

static void check_dns(json_object *spec)
{
        size_t servers = length(at(spec, "dnsConfig.nameservers")), searches = length(at(spec, "dnsConfig.searches"));

        if (servers > 3)
                tell("nameservers", "must not have more than 3");
        if (searches > 32)
                tell("searches", "must not have more than 32");
        if (streq(text_at(spec, "dnsPolicy"), "None") && servers == 0)
                tell("nameservers", "must provide at least one with dnsPolicy None");
}

char *kube_rules_broken(json_object *pod)
{
        json_object *spec = at(pod, "spec");

        broken = strdup("");
        for (size_t i = 0; i < ELEMENTSOF(rules); i++)
                check_rule(&rules[i], rules[i].path, pod);
        if (length(at(spec, "containers")) == 0)
                tell("containers", "required");
        check_containers(spec, "containers", false);
        check_containers(spec, "initContainers", true);
        check_dns(spec);
        return broken;
}
