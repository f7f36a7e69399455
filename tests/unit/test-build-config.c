/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "build/build-config.h"
#include "lib/test-mutate.h"

/* Words in one text, which a space separates. */
static int change(BuildRecord *record, const char *text, char **ret_message)
{
        _cleanup_strv_free_ char **words = NULL;

        cr_assert_eq(strv_split(text, ' ', &words), 0);
        return build_config_change(record, words[0], words[1], words[1] ? words + 2 : words + 1, ret_message);
}

static BuildRecord *record_of(const char *runtime)
{
        _cleanup_free_ char *text = strjoin("{\"config\":", runtime, "}");
        BuildRecord *record;

        cr_assert_eq(build_record_new(0, &record), 0);
        cr_assert_eq(build_config_new("linux/arm/v7", 0, &record->config, NULL), 0);
        json_object_object_del(record->config, "config");
        _cleanup_json_object_ json_object *o = NULL;
        cr_assert_eq(json_parse_memory(text, strlen(text), &o, NULL), 0);
        (void) json_object_object_add(record->config, "config", json_object_get(json_object_object_get(o, "config")));
        return record;
}

static const struct {
        const char *before;
        const char *change;
        const char *after;
} changes[] = {
        { "{}",                                "env add A=b C=",             "{\"Env\":[\"A=b\",\"C=\"]}"          },
        { "{\"Env\":[\"A=b\",\"C=d\"]}",       "env add A=x=y",              "{\"Env\":[\"A=x=y\",\"C=d\"]}"       },
        { "{\"Env\":[\"A=b\",\"AB=d\"]}",      "env remove A",               "{\"Env\":[\"AB=d\"]}"                },
        { "{\"Env\":[\"A=b\"]}",               "env remove A",               "{}"                                  },
        { "{}",                                "label add a.b=c d=",
          "{\"Labels\":{\"a.b\":\"c\",\"d\":\"\"}}" },
        { "{\"Labels\":{\"a\":\"b\"}}",        "label remove a",             "{}"                                  },
        { "{}",                                "port add 80 53/udp",
          "{\"ExposedPorts\":{\"80\":{},\"53/udp\":{}}}" },
        { "{\"ExposedPorts\":{\"80\":{}}}",    "port remove 80",             "{}"                                  },
        { "{}",                                "volume add /data",           "{\"Volumes\":{\"/data\":{}}}"        },
        { "{}",                                "user set 1:2",               "{\"User\":\"1:2\"}"                  },
        { "{\"User\":\"x\"}",                  "user remove",                "{}"                                  },
        { "{}",                                "workdir set /a",             "{\"WorkingDir\":\"/a\"}"             },
        { "{\"Cmd\":[\"x\",\"y\"]}",           "cmd set /bin/sh -c",         "{\"Cmd\":[\"/bin/sh\",\"-c\"]}"      },
        { "{\"Cmd\":[\"x\"]}",                 "entrypoint set /init",
          "{\"Cmd\":[\"x\"],\"Entrypoint\":[\"/init\"]}" },
        { "{\"Cmd\":[\"x\"]}",                 "cmd remove",                 "{}"                                  },
        { "{}",                                "stop-signal set SIGINT",     "{\"StopSignal\":\"SIGINT\"}"         },
        { "{}",                                "health set /bin/true",
          "{\"Healthcheck\":{\"Test\":[\"CMD\",\"/bin/true\"]}}" },
        { "{\"Healthcheck\":{\"Retries\":2}}", "health add interval=1min timeout=2 retries=3",
          "{\"Healthcheck\":{\"Retries\":3,\"Interval\":60000000000,\"Timeout\":2000000000}}" },
        { "{\"Healthcheck\":{\"Retries\":2}}", "health remove",              "{}"                                  },
        /* What a base has beyond the specification stays. */
        { "{\"Healthcheck\":{\"Test\":[\"NONE\"]}}", "user set x",
          "{\"Healthcheck\":{\"Test\":[\"NONE\"]},\"User\":\"x\"}" },
};

Test(build_config, changes)
{
        for (size_t i = 0; i < ELEMENTSOF(changes); i++) {
                _cleanup_(build_record_freep) BuildRecord *record = record_of(changes[i].before);
                _cleanup_free_ char *message = NULL, *after = NULL;

                cr_expect_eq(change(record, changes[i].change, &message), 0, "%s: %s", changes[i].change, message);
                cr_assert_eq(json_format_compact(json_object_object_get(record->config, "config"), &after), 0);
                cr_expect_str_eq(after, changes[i].after, "%s: %s", changes[i].change, after);
        }
}

static const struct {
        const char *change;
        int error;
        const char *message;
} refused[] = {
        { "env add A",             -EINVAL, "env: 'A' is not right; write env add NAME=VALUE…"             },
        { "env add =b",            -EINVAL, "env: '=b' is not right; write env add NAME=VALUE…"            },
        { "env add",               -EINVAL, "env: write env add NAME=VALUE…, or env remove NAME…"          },
        { "env set A=b",           -EINVAL, "env: write env add|remove"                                    },
        { "env",                   -EINVAL, "env: write env add|remove"                                    },
        { "env remove HOME NO",    -ENOENT, "env 'NO': the image has none to remove"                       },
        { "label add a=\xff",      -EINVAL, "label: 'a=\xff' is not right; write label add NAME=VALUE…"    },
        { "label remove a",        -ENOENT, "label 'a': the image has none to remove"                      },
        { "port add 0",            -EINVAL, "port: '0' is not right; write port add PORT[/PROTOCOL]…"      },
        { "port add 80/icmp",      -EINVAL, "port: '80/icmp' is not right; write port add PORT[/PROTOCOL]…" },
        { "volume add data",       -EINVAL, "volume: 'data' is not right; write volume add PATH…"          },
        { "volume add //",         -EINVAL, "volume: '//' is not right; write volume add PATH…"            },
        { "user set a:b:c",        -EINVAL, "user: 'a:b:c' is not right; write user set USER[:GROUP]"      },
        { "user set :",            -EINVAL, "user: ':' is not right; write user set USER[:GROUP]"          },
        { "user set a:",           -EINVAL, "user: 'a:' is not right; write user set USER[:GROUP]"         },
        { "user set 4294967295",   -EINVAL, "user: '4294967295' is not right; write user set USER[:GROUP]" },
        { "user set 0:99999999999", -EINVAL, "user: '0:99999999999' is not right; write user set USER[:GROUP]" },
        { "workdir set /a/../b",   -EINVAL, "workdir: '/a/../b' is not right; write workdir set PATH"      },
        { "user set a b",          -EINVAL, "user: write user set USER[:GROUP], or user remove"            },
        { "user remove a",         -EINVAL, "user: write user set USER[:GROUP], or user remove"            },
        { "stop-signal set NO",    -EINVAL, "stop-signal: 'NO' is not right; write stop-signal set SIGNAL" },
        { "health add retries=x",  -EINVAL, "health: 'retries=x' is not right; write health add interval=TIME, "
                                            "retries=NUMBER, start-interval=TIME, start-period=TIME or timeout=TIME" },
        { "health remove x",       -EINVAL, "health: write health set -- WORD…, or health remove"           },
        { "annotation remove a x", -ENOENT, "annotation 'x': the image has none to remove"                 },
        { "what set a",            -EINVAL, "there is no setting 'what'"                                   },
};

/* Half a change is none. */
Test(build_config, refused)
{
        for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
                _cleanup_(build_record_freep) BuildRecord *record = record_of("{\"Env\":[\"HOME=/\"]}");
                _cleanup_free_ char *message = NULL, *before = NULL, *after = NULL;

                cr_assert_eq(change(record, "annotation add a=b", NULL), 0);
                cr_assert_eq(build_record_format(record, &before), 0);
                cr_expect_eq(change(record, refused[i].change, &message), refused[i].error, "%s", refused[i].change);
                cr_expect_str_eq(strempty(message), refused[i].message);
                cr_assert_eq(build_record_format(record, &after), 0);
                cr_expect_str_eq(after, before);
        }
}

Test(build_config, platforms)
{
        static const char *const bad[] = { "linux", "a/b/c/d", "Linux/amd64", "linux/amd 64" };
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *text = NULL;

        cr_assert_eq(build_config_new("linux/arm64/v8", 86400, &o, NULL), 0);
        cr_assert_eq(json_format_compact(o, &text), 0);
        cr_expect_str_eq(text, "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]},\"created\":\"1970-01-02T00:00:00Z\","
                               "\"os\":\"linux\",\"architecture\":\"arm64\",\"variant\":\"v8\",\"config\":{},"
                               "\"history\":[]}");
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_free_ char *message = NULL;

                cr_expect_eq(build_config_new(bad[i], 0, &o, &message), -EINVAL, "%s", bad[i]);
                cr_expect(strstr(message, bad[i]));
        }
}

/* An entry for each layer, unless those of the base do not fit its layers. */
Test(build_config, history)
{
        Digest tar;

        cr_assert_eq(digest_of_memory(DIGEST_SHA256, "", 0, &tar), 0);
        for (int wrong = 0; wrong < 2; wrong++) {
                _cleanup_(build_record_freep) BuildRecord *record = record_of("{}");
                json_object *history = json_object_object_get(record->config, "history"),
                            *entry = json_object_new_object();

                (void) json_object_object_add(entry, "empty_layer", json_object_new_boolean(!wrong));
                (void) json_object_array_add(history, entry);
                cr_assert_eq(build_config_add_layer(record->config, &tar, "1970-01-01T00:00:00Z", "x"), 0);
                cr_expect_eq(json_object_object_get_ex(record->config, "history", &history), !wrong);
                if (!wrong)
                        cr_expect_eq(json_object_array_length(history), 2);
                json_object *ids = json_object_object_get(json_object_object_get(record->config, "rootfs"), "diff_ids");
                cr_expect_eq(json_object_array_length(ids), 1);
        }
}

static void see_mutation(const char *text)
{
        static const char *const all[] = { "env add C=d", "env remove A", "label remove a", "port remove 80",
                                           "volume add /x", "health add retries=3", "cmd set /bin/sh" };

        for (size_t i = 0; i < ELEMENTSOF(all); i++) {
                _cleanup_(build_record_freep) BuildRecord *record = record_of(text);
                _cleanup_free_ char *message = NULL;

                (void) change(record, all[i], &message);
        }
}

/* A config of somebody else, whatever its values are. */
Test(build_config, values_of_all_types)
{
        each_mutation("{\"Env\":[\"A=b\"],\"Labels\":{\"a\":\"b\"},\"ExposedPorts\":{\"80\":{}},\"Volumes\":{},"
                      "\"Cmd\":[\"a\"],\"Healthcheck\":{\"Test\":[\"NONE\"],\"Retries\":3}}", see_mutation);
}
