/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "basic/fs.h"
#include "lib/test-plan.h"
#include "lib/test-temporary.h"
#include "pod/image-volumes.h"
#include "pod/pod-change.h"
#include "pod/pod-prepare.h"

#define A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "sha512-" SIXTY_FOUR_B SIXTY_FOUR_B
#define SIXTY_FOUR_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define FILE_A "images/sha256-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define FILE_B "images/" B

static const PodSettings settings = { .name = (char *) "web", .net = (char *) "none" };

/* The pod has one volume, and each of two apps has one to itself; two of the three are of one image. */
static const char manifest[] =
        "{\"acKind\":\"PodManifest\",\"acVersion\":\"0.8.11\",\"annotations\":[{\"name\":\"podctl/mutable\","
        "\"value\":\"true\"}],\"volumes\":[{\"name\":\"files\",\"kind\":\"image\",\"imageID\":\"" A "\"}],"
        "\"apps\":["
        "{\"name\":\"x\",\"image\":{\"name\":\"i\"},\"app\":{\"exec\":[\"/x\"],\"user\":\"0\",\"group\":\"0\"},"
        "\"mounts\":[{\"volume\":\"files\",\"path\":\"/f\",\"subPath\":\"etc\"},{\"volume\":\"own\",\"path\":\"/o\","
        "\"appVolume\":{\"name\":\"own\",\"kind\":\"image\",\"imageID\":\"" A "\"}}]},"
        "{\"name\":\"y\",\"image\":{\"name\":\"i\"},\"app\":{\"exec\":[\"/y\"],\"user\":\"0\",\"group\":\"0\"},"
        "\"mounts\":[{\"volume\":\"own\",\"path\":\"/o\","
        "\"appVolume\":{\"name\":\"own\",\"kind\":\"image\",\"imageID\":\"" B "\"}}]}]}";

typedef struct Fixture {
        Temporary t;
        PodStore *store;
        Pod *holder, *pod;
        PlanImages images;
} Fixture;

static void add_image(PlanImages *images, const char *id, const char *layer)
{
        PlanImage *added;

        cr_assert_eq(plan_images_add(images, id, &added), 0);
        cr_assert_geq(strv_extendf(&added->lowers, "/images/layers/%s/rootfs", layer), 0);
        cr_assert_geq(strv_extendf(&added->lowers, "/images/layers/common/rootfs"), 0);
}

static Fixture fixture_new(void)
{
        _cleanup_(appc_pod_freep) AppcPod *pod = NULL;
        Fixture f = { .t = temporary_new() };
        Uuid uuid;

        f.images.n_apps = 2;
        f.images.apps = new0(PlanImage, 2);
        for (size_t i = 0; i < 2; i++)
                cr_assert_geq(strv_extendf(&f.images.apps[i].lowers, "/images/layers/app/rootfs"), 0);
        add_image(&f.images, A, "a");
        add_image(&f.images, B, "b");
        cr_assert_eq(pod_store_open(f.t.path, &f.store), 0);
        cr_assert_eq(uuid_new(&uuid), 0);
        cr_assert_eq(pod_new(f.store, &uuid, &f.holder), 0);
        cr_assert_eq(appc_pod_parse(manifest, strlen(manifest), &pod, NULL), 0);
        cr_assert_eq(pod_write(f.holder, pod, &settings, &f.images), 0);
        cr_assert_eq(pod_move(f.holder, POD_DIR_RUN), 0);
        cr_assert_eq(mkdirat(f.holder->fd, "status", 0755), 0);
        cr_assert_eq(pod_open(f.store, &uuid, &f.pod), 0);
        cr_assert_eq(pod_load(f.pod, NULL), 0);
        return f;
}

static void fixture_done(Fixture *f)
{
        plan_images_done(&f->images);
        pod_free(f->pod);
        pod_free(f->holder);
        pod_store_free(f->store);
        temporary_done(&f->t);
}

static bool has(const Fixture *f, const char *path)
{
        return faccessat(f->pod->fd, path, F_OK, 0) >= 0;
}

Test(image_volumes, layers_are_kept_with_the_pod)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_(plan_images_done) PlanImages read = {};
        _cleanup_strv_free_ char **layers = NULL, **images = NULL;

        cr_expect(has(&f, FILE_A) && has(&f, FILE_B));
        cr_assert_eq(image_volumes_read(f.pod, &read, NULL), 0);
        cr_assert_eq(read.n_volumes, 2);
        cr_assert_not_null(plan_images_find(&read, B));
        cr_expect_str_eq(plan_images_find(&read, B)->lowers[0], "/images/layers/b/rootfs");

        cr_assert_eq(pod_store_used_layers(f.store, &layers), 0);
        cr_expect(strv_contains(layers, "a") && strv_contains(layers, "b") && strv_contains(layers, "common"));
        cr_assert_eq(pod_store_used_images(f.store, &images), 0);
        cr_expect(strv_contains(images, A) && strv_contains(images, B));
}

/* Of an image that has other layers by now, those stay that are mounted. */
Test(image_volumes, records_stay)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_(plan_images_done) PlanImages read = {}, again = {};
        _cleanup_free_ char *message = NULL;

        free(f.images.volumes[0].lowers[0]);
        f.images.volumes[0].lowers[0] = strdup("/images/layers/other/rootfs");
        cr_assert_eq(image_volumes_write(f.pod, &f.images), 0);
        cr_assert_eq(image_volumes_read(f.pod, &read, NULL), 0);
        cr_expect_str_neq(plan_images_find(&read, f.images.volumes[0].id)->lowers[0], "/images/layers/other/rootfs");

        cr_assert_eq(write_string_at(f.pod->fd, FILE_A, "", 0640), 0);
        cr_expect_eq(image_volumes_read(f.pod, &again, &message), -ENOENT);
        cr_expect(message && strstr(message, "make the pod anew"), "%s", strempty(message));
}

/* Nothing but its files says what a pod needs that has no manifest yet. */
Test(image_volumes, layers_are_kept_without_a_manifest)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_strv_free_ char **layers = NULL;

        cr_assert_eq(unlinkat(f.pod->fd, "pod", 0), 0);
        cr_assert_eq(pod_store_used_layers(f.store, &layers), 0);
        cr_expect(strv_contains(layers, "a") && strv_contains(layers, "b"));
}

/* What other apps or the pod itself have stays. */
Test(image_volumes, layers_go_with_the_last_app)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        AppcPod *without = NULL;

        for (size_t i = 0; i < 2; i++) {
                const char *app = i == 0 ? "x" : "y";

                cr_assert_eq(appc_pod_without_app(f.pod->manifest, app, &without), 0);
                appc_pod_free(f.pod->manifest);
                f.pod->manifest = without;
                cr_assert_eq(pod_change_forget(f.pod, app), 0);
                cr_expect(has(&f, FILE_A));
                cr_expect_eq(has(&f, FILE_B), i == 0);
        }
}

Test(image_volumes, plan)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_(pod_plan_freep) PodPlan *plan = NULL;
        _cleanup_free_ char *message = NULL;
        const PlanMount *m;

        cr_assert_eq(pod_plan_of(f.pod, &plan, &message), 0, "%s", strempty(message));
        m = &plan->apps[0].mounts.items[1];
        cr_expect_eq(m->kind, PLAN_MOUNT_IMAGE);
        cr_expect_str_eq(m->target, "/f");
        cr_expect_str_eq(m->source, A);
        cr_expect_str_eq(m->sub_path, "etc");
        cr_expect_str_eq(m->lowers[0], "/images/layers/a/rootfs");
        cr_expect(m->read_only && m->map_ids && !m->recursive && !m->make_source);
        cr_expect_str_eq(plan->apps[1].mounts.items[1].lowers[0], "/images/layers/b/rootfs");
}

Test(image_volumes, more_layers_than_the_kernel_stacks)
{
        for (size_t n = PLAN_LAYERS_MAX - 1; n <= PLAN_LAYERS_MAX; n++) {
                _cleanup_(fixture_done) Fixture f = fixture_new();
                PlanImage *image = &f.images.volumes[0];
                _cleanup_free_ char *message = NULL;
                PodPlan *plan = NULL;
                int r;

                while (strv_length(image->lowers) < n)
                        cr_assert_geq(strv_extend(&image->lowers, "/l"), 0);
                r = pod_plan_new(f.pod->manifest, &settings, &f.images, TEST_UUID, "/pods", &plan, &message);
                cr_expect_eq(r, n < PLAN_LAYERS_MAX ? 0 : -E2BIG, "%i", r);
                if (n == PLAN_LAYERS_MAX)
                        cr_expect_str_eq(message, "volume 'files': its image has 500 layers, and the kernel stacks no "
                                                  "more than 499; build it with fewer");
                pod_plan_free(plan);
        }
}

Test(image_volumes, owners_that_pods_do_not_have)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        PodPlan *plan = NULL;

        f.images.volumes[1].highest_id = POD_UID_COUNT;
        cr_assert_eq(pod_plan_new(f.pod->manifest, &settings, &f.images, TEST_UUID, "/pods", &plan, NULL), 0);
        cr_assert_eq(strv_length(plan->ignored), 1);
        cr_expect(startswith(plan->ignored[0],
                             "volume 'own': files of its image belong to users or groups up to 65536"));
        pod_plan_free(plan);
}
