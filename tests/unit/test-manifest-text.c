/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "basic/log.h"
#include "basic/path.h"
#include "cli/compose/kube-manifest.h"
#include "lib/test-temporary.h"

/* A file, and two whose documents belong to its pod. */
typedef struct Fixture {
        Temporary t;
        char *paths[3];
        ManifestText text;
} Fixture;

static void fixture_done(Fixture *f)
{
        for (size_t i = 0; i < ELEMENTSOF(f->paths); i++)
                free(f->paths[i]);
        manifest_text_done(&f->text);
        temporary_done(&f->t);
}

static void set_up(Fixture *f, const char *const *texts)
{
        static const char *const names[] = { "pod.yaml", "map.yaml", "secret.yaml" };

        f->t = temporary_new();
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                f->paths[i] = path_join(f->t.path, names[i]);
                cr_assert(write_file_at(AT_FDCWD, f->paths[i], texts[i], strlen(texts[i]), 0600) >= 0);
        }
        cr_assert(manifest_text_read(f->paths[0], NULL, &f->text) >= 0);
}

/* All messages, one per line, with the names of files only. */
static void hear(int level, const LogPlace *place, const char *line, void *userdata)
{
        _cleanup_free_ char *at = place && place->line ? strprintf(":%zu", place->line) : NULL;

        cr_assert_eq(place ? strv_extendf(userdata, "%s%s: %s: %s", path_basename(place->file), strempty(at),
                                          strempty(place->member), line)
                           : strv_extend(userdata, path_basename(line)), 0);
}

static char *read_all(Fixture *f)
{
        char *const more[] = { f->paths[1], f->paths[2], NULL };
        _cleanup_strv_free_ char **lines = new0(char *, 1);
        _cleanup_(kube_pod_freep) KubePod *pod = NULL;
        Uuid uuid;
        int r;

        log_set_listener(hear, &lines);
        r = manifest_text_join(&f->text, more);
        if (r >= 0)
                r = kube_manifest_parse(&f->text, false, &uuid, &pod);
        log_set_listener(NULL, NULL);
        cr_expect_eq(r < 0, lines[0] != NULL);
        return strv_join(lines, "\n");
}

#define POD "kind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{name: c, image: i}]\n"
#define MAP "kind: ConfigMap\nmetadata: {name: m}\ndata: {k: v}\n"
#define SECRET "kind: Secret\nmetadata: {name: s}\ndata: {k: dg==}"

#define OTHER "kind: Secret\nmetadata: {name: t}\ndata: {k: dg==}"

/* What is wrong is told with the file that it is in, and its line there. */
Test(manifest_text, places_in_files)
{
        static const struct {
                const char *texts[3];
                const char *messages;
        } cases[] = {
                { { POD, MAP, SECRET }, "" },
                { { POD "  dnsPolicy: Any\n", "\n" MAP "dta: 5",
                    "# s\n---\n" SECRET "\n---\n" OTHER "\nstringData: 5\n" },
                  "pod.yaml:5: spec.dnsPolicy: 'Any' is not a valid policy\n"
                  "map.yaml:5: dta: is not a known member; did you mean 'data'?\n"
                  "secret.yaml:10: stringData: expected an object" },
                /* The first line of each */
                { { POD, "{kind: ConfigMap, metadata: {name: m}, data: 5}", "{kind: Secret, metadata: 5}" },
                  "map.yaml:1: data: expected an object\nsecret.yaml:1: metadata: expected an object" },
                /* Of a system that ends lines otherwise */
                { { POD, "\xef\xbb\xbfkind: ConfigMap\r\nmetadata: {name: m}\r\ndata: 5\r\n", SECRET "\nx: 5\n" },
                  "map.yaml:3: data: expected an object\nsecret.yaml:4: x: is not a known member" },
                /* No YAML */
                { { POD, MAP "x: [\n", SECRET }, "map.yaml: not valid YAML at line 5, column 1: did not find "
                  "expected node content" },
                { { "kind: Pod\nx: [\n", MAP, SECRET }, "pod.yaml: not valid YAML at line 3, column 1: did not find "
                  "expected node content" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(fixture_done) Fixture f = {};
                _cleanup_free_ char *messages = NULL;

                set_up(&f, cases[i].texts);
                messages = read_all(&f);
                cr_expect_str_eq(messages, cases[i].messages, "%zu:\n%s", i, messages);
        }
}
