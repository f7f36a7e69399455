/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "build/build-appc-settings.h"
#include "build/build-appc.h"
#include "build/build-config.h"
#include "lib/test-mutate.h"
#include "manifest/ac-types.h"

static BuildRecord *record_of(const char *appc)
{
        BuildRecord *record;

        cr_assert_eq(build_record_new(0, &record), 0);
        cr_assert_eq(build_config_new("linux/arm64/v8", 0, &record->config, NULL), 0);
        if (appc)
                cr_assert_eq(json_parse_memory(appc, strlen(appc), &record->appc, NULL), 0);
        return record;
}

/* Words in one text, which a space separates. */
static int change(BuildRecord *record, const char *text, char **ret_message)
{
        _cleanup_strv_free_ char **words = NULL;

        cr_assert_eq(strv_split(text, ' ', &words), 0);
        return build_appc_change(record, words[0], words[1], words[1] ? words + 2 : words + 1, ret_message);
}

static char *text_of(json_object *o)
{
        char *text = NULL;

        if (!o)
                return strdup("");
        cr_assert_eq(json_format_compact(o, &text), 0);
        return text;
}

#define APP(members) "{\"app\":{\"user\":\"0\",\"group\":\"0\"" members "}}"

static const struct {
        const char *before;
        const char *change;
        const char *after;
} changes[] = {
        { NULL, "mount add data=/data,ro logs=/a,b more=/m,rw",
          APP(",\"mountPoints\":[{\"name\":\"data\",\"path\":\"/data\",\"readOnly\":true},"
              "{\"name\":\"logs\",\"path\":\"/a,b\"},{\"name\":\"more\",\"path\":\"/m\"}]") },
        { APP(",\"mountPoints\":[{\"name\":\"a\",\"path\":\"/a\"},{\"name\":\"b\",\"path\":\"/b\"}]"),
          "mount add a=/c",
          APP(",\"mountPoints\":[{\"name\":\"b\",\"path\":\"/b\"},{\"name\":\"a\",\"path\":\"/c\"}]") },
        { APP(",\"mountPoints\":[{\"name\":\"a\",\"path\":\"/a\"}]"), "mount remove a", APP() },
        { APP(",\"mountPoints\":[{\"name\":\"a\",\"path\":\"/a\"}]"), "mount remove /a", APP() },
        { NULL, "isolator add resource/memory={\"limit\":\"1G\"}",
          APP(",\"isolators\":[{\"name\":\"resource/memory\",\"value\":{\"limit\":\"1G\"}}]") },
        { NULL, "dependency add example.com/base:1.2,os=linux",
          "{\"dependencies\":[{\"imageName\":\"example.com/base\",\"labels\":[{\"name\":\"version\",\"value\":\"1.2\"},"
          "{\"name\":\"os\",\"value\":\"linux\"}]}]}" },
        { NULL, "dependency add a.b@sha512-0123456789",
          "{\"dependencies\":[{\"imageName\":\"a.b\",\"imageID\":\"sha512-0123456789\"}]}" },
        { "{\"dependencies\":[{\"imageName\":\"a.b\"}]}", "dependency remove a.b", "{}" },
        { NULL, "pre-start set /bin/sh -c",
          APP(",\"eventHandlers\":[{\"name\":\"pre-start\",\"exec\":[\"/bin/sh\",\"-c\"]}]") },
        { APP(",\"eventHandlers\":[{\"name\":\"pre-start\",\"exec\":[\"/a\"]}]"), "post-stop set /b",
          APP(",\"eventHandlers\":[{\"name\":\"pre-start\",\"exec\":[\"/a\"]},"
              "{\"name\":\"post-stop\",\"exec\":[\"/b\"]}]") },
        { APP(",\"eventHandlers\":[{\"name\":\"pre-start\",\"exec\":[\"/a\"]}]"), "pre-start remove", APP() },
        { NULL, "supplementary-groups set 5 4", APP(",\"supplementaryGIDs\":[5,4]") },
        { APP(",\"supplementaryGIDs\":[5,4]"), "supplementary-groups remove", APP() },
};

Test(build_appc, changes)
{
        for (size_t i = 0; i < ELEMENTSOF(changes); i++) {
                _cleanup_(build_record_freep) BuildRecord *record = record_of(changes[i].before);
                _cleanup_free_ char *message = NULL, *after = NULL;

                cr_expect_eq(change(record, changes[i].change, &message), 0, "%s: %s", changes[i].change, message);
                after = text_of(record->appc);
                cr_expect_str_eq(after, changes[i].after, "%s: %s", changes[i].change, after);
        }
}

static const struct {
        const char *change;
        int error;
        const char *message;
} refused[] = {
        { "mount add data",      -EINVAL, "mount: 'data' is not right; write mount add NAME=PATH[,ro]…"            },
        { "mount add =/data",    -EINVAL, "mount: '=/data' is not right; write mount add NAME=PATH[,ro]…"          },
        { "mount add x=/x y=z",  -EINVAL, "mount: 'y=z' is not right: app.mountPoints[1].path: 'z' is not an absolute "
                                          "path" },
        { "mount add a_b=/",     -EINVAL, "mount: 'a_b=/' is not right: app.mountPoints[0].name: 'a_b' is not a valid "
                                          "name (lower-case letters, digits, '-')" },
        { "mount add a=/\xff",   -EINVAL, "mount: 'a=/\xff' is not right; write mount add NAME=PATH[,ro]…"         },
        { "mount add",           -EINVAL, "mount: write mount add NAME=PATH[,ro]…, or mount remove NAME…"          },
        { "mount set a=/a",      -EINVAL, "mount: write mount add|remove"                                          },
        { "mount remove a",      -ENOENT, "mount 'a': the image has none to remove"                                },
        { "isolator add a={",    -EINVAL, NULL                                                                     },
        { "isolator add resource/cpu={\"limit\":-1}", -EINVAL, NULL                                                },
        { "dependency add A",    -EINVAL, "dependency: 'A' is not right: 'A' is not the name of an image"          },
        { "dependency add a@md5-1", -EINVAL, NULL                                                                  },
        { "pre-start set",       -EINVAL, "pre-start: write pre-start set -- WORD…, or pre-start remove"           },
        { "pre-start remove a",  -EINVAL, "pre-start: write pre-start set -- WORD…, or pre-start remove"           },
        { "post-stop remove",    -ENOENT, "event-handler 'post-stop': the image has none to remove"                },
        { "supplementary-groups set -1", -EINVAL, "supplementary-groups: '-1' is not right; write "
                                                  "supplementary-groups set GID…" },
        { "what add a",          -EINVAL, "there is no setting 'what'"                                             },
};

/* Of several words all count, or none. */
Test(build_appc, refused)
{
        for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
                _cleanup_(build_record_freep) BuildRecord *record = record_of(NULL);
                _cleanup_free_ char *message = NULL;

                cr_expect_eq(change(record, refused[i].change, &message), refused[i].error, "%s: %s",
                             refused[i].change, message);
                if (refused[i].message)
                        cr_expect_str_eq(strempty(message), refused[i].message, "%s", message);
                cr_expect_null(record->appc);
        }
}

static void set(BuildRecord *record, const char *setting, const char *operation, const char *word)
{
        cr_assert_eq(build_config_change(record, setting, operation, (char *[]) { (char *) word, NULL }, NULL), 0);
}

/* The config and what appc alone has become one manifest; a volume that has a name is not there twice. */
Test(build_appc, manifest)
{
        _cleanup_(build_record_freep) BuildRecord *record = record_of(NULL);
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_strv_free_ char **lost = NULL;
        _cleanup_free_ char *text = NULL, *names = NULL;

        set(record, "cmd", "set", "/bin/app");
        set(record, "user", "set", "7:8");
        set(record, "env", "add", "PATH=/bin");
        set(record, "volume", "add", "/data");
        set(record, "annotation", "add", "a=b");
        cr_assert_eq(change(record, "mount add store=/data,ro", NULL), 0);
        cr_assert_eq(change(record, "supplementary-groups set 9", NULL), 0);
        cr_assert_eq(build_appc_manifest(record, "example.com/app:1", &o, NULL), 0);
        text = text_of(o);
        cr_expect_str_eq(text, "{\"acKind\":\"ImageManifest\",\"acVersion\":\"" AC_VERSION "\","
                               "\"name\":\"example.com/app\",\"labels\":[{\"name\":\"arch\",\"value\":\"aarch64\"},"
                               "{\"name\":\"os\",\"value\":\"linux\"},{\"name\":\"version\",\"value\":\"1\"}],"
                               "\"app\":{\"exec\":[\"/bin/app\"],\"user\":\"7\",\"group\":\"8\",\"homeFromUser\":true,"
                               "\"environment\":[{\"name\":\"PATH\",\"value\":\"/bin\"}],"
                               "\"mountPoints\":[{\"name\":\"store\",\"path\":\"/data\",\"readOnly\":true}],"
                               "\"supplementaryGIDs\":[9]},"
                               "\"annotations\":[{\"name\":\"a\",\"value\":\"b\"},"
                               "{\"name\":\"created\",\"value\":\"1970-01-01T00:00:00Z\"}]}", "%s", text);
        cr_assert_eq(build_appc_beyond_oci(record, &lost), 0);
        names = strv_join(lost, " ");
        cr_expect_str_eq(names, "mountPoints supplementaryGIDs");
}

Test(build_appc, manifest_refused)
{
        static const char *const names[] = { NULL, "Name", "a:", "a:1:2", "a,os", "a,os=beos" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_(build_record_freep) BuildRecord *record = record_of(NULL);
                _cleanup_json_object_ json_object *o = NULL;
                _cleanup_free_ char *message = NULL;

                cr_expect_eq(build_appc_manifest(record, names[i], &o, &message), -EINVAL, "%zu", i);
                cr_expect_not_null(message);
        }
}

/* Names of annotations are narrower in appc. */
Test(build_appc, annotation_refused)
{
        _cleanup_(build_record_freep) BuildRecord *record = record_of(NULL);
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *message = NULL;

        set(record, "annotation", "add", "Big=1");
        cr_expect_eq(build_appc_manifest(record, "a", &o, &message), -EINVAL);
        cr_expect(strstr(strempty(message), "annotations") != NULL, "%s", message);
}

/* A whole manifest stays what it is. */
Test(build_appc, whole)
{
        _cleanup_(build_record_freep) BuildRecord *record = record_of(NULL);
        _cleanup_json_object_ json_object *o = NULL, *bad = json_object_new_object();
        _cleanup_free_ char *text = NULL, *message = NULL, *parsed = NULL;
        _cleanup_(build_record_freep) BuildRecord *again = NULL;

        cr_expect_not(build_appc_is_whole(record));
        cr_assert_eq(build_appc_begin(record, "unnamed", NULL), 0);
        cr_expect(build_appc_is_whole(record));
        cr_assert_eq(build_appc_put(record, "name", json_object_new_string("a.b/c"), NULL), 0);
        cr_expect_eq(build_appc_put(record, "name", json_object_new_string("A"), &message), -EINVAL);
        cr_expect_eq(build_appc_replace(record, bad, NULL), -EINVAL);
        cr_assert_eq(build_appc_manifest(record, NULL, &o, NULL), 0);
        text = text_of(o);
        cr_expect_str_eq(text, "{\"acKind\":\"ImageManifest\",\"acVersion\":\"" AC_VERSION "\",\"name\":\"a.b/c\","
                               "\"labels\":[{\"name\":\"arch\",\"value\":\"aarch64\"},"
                               "{\"name\":\"os\",\"value\":\"linux\"}]}", "%s", text);
        cr_assert_eq(build_record_format(record, &parsed), 0);
        cr_assert_eq(build_record_parse(parsed, strlen(parsed), &again, NULL), 0);
        cr_expect(build_appc_is_whole(again));
}

static void see_mutation(const char *text)
{
        static const char *const all[] = { "mount add a=/c", "mount remove a", "isolator remove a", "env remove A",
                                           "dependency remove a.b", "pre-start remove", "port remove p",
                                           "label remove os", "annotation remove a" };

        for (size_t i = 0; i < ELEMENTSOF(all); i++) {
                _cleanup_(build_record_freep) BuildRecord *record = record_of(text);
                _cleanup_free_ char *message = NULL, *other = NULL;
                _cleanup_json_object_ json_object *manifest = NULL;

                (void) build_appc_find(record, "mount", "a");
                (void) change(record, all[i], &message);
                (void) build_appc_manifest(record, "a.b/c", &manifest, &other);
        }
}

/* A manifest of somebody else, whatever its values are. */
Test(build_appc, values_of_all_types)
{
        each_mutation("{\"labels\":[{\"name\":\"os\",\"value\":\"linux\"}],\"annotations\":[{\"name\":\"a\","
                      "\"value\":\"b\"}],\"dependencies\":[{\"imageName\":\"a.b\"}],\"app\":{\"user\":\"0\","
                      "\"group\":\"0\",\"environment\":[{\"name\":\"A\",\"value\":\"b\"}],\"ports\":[{"
                      "\"name\":\"p\",\"port\":80,\"protocol\":\"tcp\"}],\"mountPoints\":[{\"name\":\"a\","
                      "\"path\":\"/a\"}],\"isolators\":[{\"name\":\"a\",\"value\":{}}],\"eventHandlers\":[{"
                      "\"name\":\"pre-start\",\"exec\":[\"/a\"]}]}}", see_mutation);
}
