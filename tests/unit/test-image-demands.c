/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "basic/strv.h"
#include "pod/image-demands.h"

#define RETAIN "{\"set\": [\"CAP_SYS_ADMIN\", \"CAP_CHOWN\", \"CAP_SYS_PTRACE\"]}"
#define UNCONFINED "{\"profile\": \"unconfined\"}"
#define ALL_CALLS "{\"set\": [\"@appc.io/all\"]}"

typedef struct Demand {
        IsolatorType type;
        const char *image, *app; /* JSON; NULL: none */
        const char *warning;     /* what is in it; NULL: there is none */
} Demand;

static void set(App *app, IsolatorType type, const char *json)
{
        _cleanup_json_error_ JsonError e = {};

        if (json)
                cr_assert_eq(isolators_set(&app->isolators, &app->n_isolators, type, json, &e), 0, "%s", json);
}

static void done(App *app)
{
        for (size_t i = 0; i < app->n_isolators; i++)
                isolator_done(&app->isolators[i]);
        free(app->isolators);
}

/* Of what the image says alone; what whoever starts the pod says, he knows. */
Test(image_demands, warnings)
{
        static const Demand demands[] = {
                { ISOLATOR_CAPS_RETAIN, RETAIN, RETAIN,
                  "App 'web': its image gives it CAP_SYS_ADMIN, CAP_SYS_PTRACE;" },
                { ISOLATOR_CAPS_RETAIN, RETAIN, "{\"set\": [\"CAP_SYS_ADMIN\"]}", NULL },
                { ISOLATOR_CAPS_RETAIN, RETAIN, NULL, NULL },
                { ISOLATOR_CAPS_RETAIN, NULL, RETAIN, NULL },
                { ISOLATOR_CAPS_RETAIN, "{\"set\": [\"CAP_CHOWN\"]}", "{\"set\": [\"CAP_CHOWN\"]}", NULL },
                { ISOLATOR_SECCOMP_RETAIN, ALL_CALLS, ALL_CALLS, "which system calls" },
                { ISOLATOR_SECCOMP_REMOVE, "{\"set\": [\"reboot\"]}", "{\"set\": [\"reboot\"]}", "which system calls" },
                { ISOLATOR_APPARMOR_PROFILE, UNCONFINED, UNCONFINED, "os/linux/apparmor-profile" },
                { ISOLATOR_MEMORY, "{\"limit\": \"1G\"}", "{\"limit\": \"1G\"}", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(demands); i++) {
                const Demand *d = &demands[i];
                _cleanup_strv_free_ char **warnings = NULL;
                App image = {}, app = {};

                set(&image, d->type, d->image);
                set(&app, d->type, d->app);
                cr_assert_eq(image_demands_warn("web", &app, &image, &warnings), 0);
                cr_expect_eq(strv_length(warnings), d->warning != NULL, "demand %zu", i);
                if (d->warning && warnings)
                        cr_expect(strstr(warnings[0], d->warning), "%s", warnings[0]);
                done(&image);
                done(&app);
        }
}

/* Without a user namespace: the usual ones stay, of a list that is the image's. */
Test(image_demands, capabilities_of_the_host)
{
        static const struct {
                const char *asked, *left; /* JSON; NULL: none */
                IsolatorType type;
                const char *warning;
        } rows[] = {
                { RETAIN, "{\"set\": [\"CAP_CHOWN\"]}", ISOLATOR_CAPS_RETAIN,
                  "CAP_SYS_ADMIN, CAP_SYS_PTRACE, which without a user namespace" },
                { "{\"set\": [\"CAP_SYS_ADMIN\"]}", "{\"set\": [\"all\"]}", ISOLATOR_CAPS_REMOVE, "CAP_SYS_ADMIN" },
                { "{\"set\": [\"CAP_CHOWN\"]}", "{\"set\": [\"CAP_CHOWN\"]}", ISOLATOR_CAPS_RETAIN, NULL },
                { NULL, NULL, ISOLATOR_CAPS_RETAIN, NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_strv_free_ char **warnings = NULL;
                App app = {}, expected = {};
                const Isolator *left, *wanted;

                set(&app, ISOLATOR_CAPS_RETAIN, rows[i].asked);
                set(&expected, rows[i].type, rows[i].left);
                cr_assert_eq(image_demands_bound("web", &app, &warnings), 0);
                left = isolators_find(app.isolators, app.n_isolators, rows[i].type);
                wanted = isolators_find(expected.isolators, expected.n_isolators, rows[i].type);
                cr_expect_eq(left != NULL, wanted != NULL);
                if (left && wanted)
                        cr_expect(json_object_equal(left->value, wanted->value), "row %zu", i);
                cr_expect_eq(strv_length(warnings), rows[i].warning != NULL, "row %zu", i);
                if (rows[i].warning && warnings)
                        cr_expect(strstr(warnings[0], rows[i].warning), "%s", warnings[0]);
                done(&app);
                done(&expected);
        }
}
