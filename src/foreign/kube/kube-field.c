/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign/kube/kube-pod-internal.h"
#include "manifest/ac-types.h"

/* What a pod says of itself ("Downward API"), as far as the file says it. */

/* metadata.labels['NAME'] */
static const char *find_in_map(const char *field, const char *map, char *const *pairs)
{
        const char *rest = startswith(field, map);
        _cleanup_free_ char *name = NULL;
        size_t n = rest ? strlen(rest) : 0;

        if (n < 5 || !startswith(rest, "['") || !endswith(rest, "']"))
                return NULL;
        name = strndup(rest + 2, n - 4);
        return name ? strempty(strv_env_get(pairs, name)) : NULL;
}

static void print_quoted(FILE *f, const char *text)
{
        static const char plain[] = "\\\"\a\b\f\n\r\t\v", letters[] = "\\\"abfnrtv";

        (void) fputc('"', f);
        for (; *text; text++) {
                unsigned char c = (unsigned char) *text;
                const char *known = strchr(plain, c);

                if (known)
                        (void) fprintf(f, "\\%c", letters[known - plain]);
                else if (c < ' ' || c == 127)
                        (void) fprintf(f, "\\x%02x", c);
                else
                        (void) fputc(c, f);
        }
        (void) fputc('"', f);
}

/* Of names alone: a '-' may follow one, which is less than '='. */
static int compare_pairs(const void *a, const void *b)
{
        const char *x = *(const char *const *) a, *y = *(const char *const *) b;
        size_t n = strcspn(x, "="), k = strcspn(y, "=");
        int d = memcmp(x, y, MIN(n, k));

        return d != 0 ? d : (n > k) - (n < k);
}

/* As the kubelet writes it: a line for each, NAME="VALUE", by their names; none ends the last line. */
static int print_map(char *const *pairs, char **ret)
{
        _cleanup_strv_free_ char **sorted = NULL;
        char *text = NULL;
        size_t size;
        FILE *f;
        int r = strv_extend_strv(&sorted, pairs);

        if (r < 0)
                return r;
        if (sorted)
                qsort(sorted, strv_length(sorted), sizeof(char *), compare_pairs);
        f = open_memstream(&text, &size);
        if (!f)
                return -ENOMEM;
        STRV_FOREACH(pair, sorted) {
                size_t n = strcspn(*pair, "=");

                (void) fprintf(f, "%s%.*s=", pair == sorted ? "" : "\n", (int) n, *pair);
                print_quoted(f, *pair + n + 1);
        }
        if (fclose(f) != 0) {
                free(text);
                return -ENOMEM;
        }
        *ret = text;
        return 0;
}

static int from_field(const KubeMake *m, bool file, const char *member, const char *field, char **ret)
{
        const char *value = streq(field, "metadata.name")        ? m->pod->name
                            : streq(field, "metadata.namespace") ? (m->meta->namespace ?: "default")
                            : streq(field, "metadata.uid")       ? strempty(m->around->uid)
                            : streq(field, "spec.nodeName")      ? strempty(m->around->node)
                                                                 : NULL;

        if (file && streq(field, "metadata.labels"))
                return print_map(m->meta->labels, ret);
        if (file && streq(field, "metadata.annotations"))
                return print_map(m->meta->annotations, ret);
        value = value ?: find_in_map(field, "metadata.labels", m->meta->labels);
        value = value ?: find_in_map(field, "metadata.annotations", m->meta->annotations);
        if (!value)
                return kube_refuse(m, member, "not supported: '%s' is not known before the pod runs; there are "
                                   "metadata.name, metadata.namespace, metadata.uid, metadata.labels['NAME'], "
                                   "metadata.annotations['NAME'], spec.nodeName%s", field,
                                   file ? "" : ", status.podIP, status.podIPs, status.hostIP and status.hostIPs");
        *ret = strdup(value);
        return *ret ? 0 : -ENOMEM;
}

static const KubeContainer *find_container(const KubePodSpec *spec, const char *name)
{
        for (size_t i = 0; i < spec->n_containers; i++)
                if (streq(spec->containers[i].name, name))
                        return &spec->containers[i];
        for (size_t i = 0; i < spec->n_init; i++)
                if (streq(spec->init[i].name, name))
                        return &spec->init[i];
        return NULL;
}

/* A request that was left out is the limit. */
static json_object *find_resource(const KubeContainer *c, const char *resource)
{
        const char *name = startswith(resource, "limits.");
        json_object *found = NULL;

        if (name)
                return json_object_object_get(c->limits, name);
        name = startswith(resource, "requests.");
        found = name ? json_object_object_get(c->requests, name) : NULL;
        return found || !name ? found : json_object_object_get(c->limits, name);
}

static int from_resource(const KubeMake *m, const KubeContainer *c, const char *member, const KubeField *f,
                         char **ret)
{
        Quantity value, divisor = { 1000000000 };
        json_object *said;

        if (!c && !f->container)
                return kube_refuse(m, member, "needs containerName");
        c = f->container ? find_container(m->spec, f->container) : c;
        said = c ? find_resource(c, f->resource) : NULL;
        if (!said || quantity_from_json(said, &value) < 0)
                return kube_refuse(m, member, "not supported: no '%s' is written for the container, and those of the "
                                   "host are not known here", f->resource);
        /* Where it is left out, or 0, it is 1. */
        if (f->divisor && (quantity_from_json(f->divisor, &divisor) < 0 || divisor.nano < 0))
                return kube_refuse(m, member, "'%s' is not a valid divisor", json_object_get_string(f->divisor));
        if (divisor.nano == 0)
                divisor = (Quantity) { 1000000000 };
        *ret = strprintf("%lld", (long long) ((value.nano + divisor.nano - 1) / divisor.nano));
        return *ret ? 0 : -ENOMEM;
}

int kube_field(const KubeMake *m, const KubeContainer *c, const char *member, const KubeField *f, char **ret)
{
        return f->field ? from_field(m, !c, member, f->field, ret) : from_resource(m, c, member, f, ret);
}
