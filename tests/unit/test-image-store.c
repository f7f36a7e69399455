/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <locale.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "basic/lock.h"
#include "basic/path.h"
#include "basic/strv.h"
#include "basic/time-util.h"
#include "image/source/source-path.h"
#include "image/store/image-lowers.h"
#include "image/store/layer-store.h"
#include "manifest/oci-descriptor.h"
#include "shared/json-foreign.h"
#include "lib/test-tar.h"

static void setup(void)
{
        if (getuid() != 0)
                cr_skip_test("needs root");
        setlocale(LC_CTYPE, "C.UTF-8");
        umask(0077);
}

TestSuite(image_store, .init = setup, .timeout = 120);

/* A store and, beside it, an OCI layout of our making */

typedef struct Fixture {
        Temporary t;
        ImageStore *store;
        char *data, *layout;
        int layout_fd, store_fd;
} Fixture;

static Fixture fixture_new(void)
{
        Fixture f = { .t = temporary_new() };
        _cleanup_free_ char *path = NULL;

        f.data = path_join(f.t.path, "data");
        f.layout = path_join(f.t.path, "busybox.oci");
        f.layout_fd = mkdir_open_at(AT_FDCWD, f.layout, 0755);
        cr_assert_eq(image_store_open(f.data, &f.store, NULL), 0);
        path = path_join(f.data, "images");
        f.store_fd = open_directory_at(AT_FDCWD, path);
        cr_assert_geq(f.store_fd, 0);
        return f;
}

static void fixture_done(Fixture *f)
{
        image_store_free(f->store);
        safe_close(f->layout_fd);
        safe_close(f->store_fd);
        free(f->data);
        free(f->layout);
        temporary_done(&f->t);
}

static size_t count(Fixture *f, const char *directory)
{
        _cleanup_strv_free_ char **names = NULL;

        cr_assert_eq(list_directory_at(f->store_fd, directory, &names), 0);
        return strv_length(names);
}

#define expect_counts(f, manifests, layers, names)                                                             \
        do {                                                                                                   \
                cr_expect_eq(count(f, "manifests"), manifests, "%zu images", count(f, "manifests"));           \
                cr_expect_eq(count(f, "layers"), layers, "%zu layers", count(f, "layers"));                    \
                cr_expect_eq(count(f, "names"), names, "%zu names", count(f, "names"));                        \
                cr_expect_eq(count(f, "tmp"), 0, "%zu in tmp", count(f, "tmp"));                               \
        } while (0)

typedef struct Blob {
        Digest digest;
        size_t size;
} Blob;

static char *blob_path(const Blob *b)
{
        return strprintf("blobs/%s/%s", digest_algorithm_to_string(b->digest.algorithm), b->digest.hex);
}

static Blob add_blob(int fd, const void *data, size_t n)
{
        Blob b = { .size = n };
        _cleanup_free_ char *path = NULL;

        cr_assert_eq(digest_of_memory(DIGEST_SHA256, data, n, &b.digest), 0);
        cr_assert_eq(mkdir_p_at(fd, "blobs/sha256", 0755), 0);
        path = blob_path(&b);
        cr_assert_eq(write_file_at(fd, path, data, n, 0644), 0);
        return b;
}

typedef struct Layer {
        Blob blob;
        Digest diff_id;
} Layer;

static char *slurp(int fd, size_t *ret_size)
{
        off_t n = lseek(fd, 0, SEEK_END);
        char *data = malloc((size_t) n + 1);

        cr_assert_eq(pread(fd, data, (size_t) n, 0), n);
        *ret_size = (size_t) n;
        return data;
}

static Layer add_layer(int fd, const Member *members, int filter)
{
        _cleanup_close_ int plain = tar_of(members, ARCHIVE_FILTER_NONE), packed = tar_of(members, filter);
        _cleanup_free_ char *a = NULL, *b = NULL;
        size_t n, m;
        Layer l;

        a = slurp(plain, &n);
        b = slurp(packed, &m);
        cr_assert_eq(digest_of_memory(DIGEST_SHA256, a, n, &l.diff_id), 0);
        l.blob = add_blob(fd, b, m);
        return l;
}

static Blob add_manifest(int fd, const Layer *layers, size_t n, const char *cmd)
{
        _cleanup_free_ char *config = NULL, *manifest = NULL, *diffs = strdup(""), *descriptors = strdup("");
        Blob c;

        for (size_t i = 0; i < n; i++) {
                char *more = strprintf("%s%s\"%s\"", diffs, i ? "," : "", DIGEST_STRING(&layers[i].diff_id));
                free(diffs);
                diffs = more;
                more = strprintf("%s%s{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"%s\","
                                 "\"size\":%zu}", descriptors, i ? "," : "", DIGEST_STRING(&layers[i].blob.digest),
                                 layers[i].blob.size);
                free(descriptors);
                descriptors = more;
        }
        config = strprintf("{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Cmd\":[\"%s\"]},"
                           "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[%s]}}", cmd, diffs);
        c = add_blob(fd, config, strlen(config));
        manifest = strprintf("{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
                             "\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"%s\","
                             "\"size\":%zu},\"layers\":[%s]}", DIGEST_STRING(&c.digest), c.size, descriptors);
        return add_blob(fd, manifest, strlen(manifest));
}

static void write_text(int fd, const char *path, const char *text)
{
        cr_assert_eq(write_string_at(fd, path, text, 0644), 0);
}

/* more: further members of the descriptor, beginning with a comma, or "". */
static char *descriptor(const Blob *b, const char *kind, const char *more)
{
        return strprintf("{\"mediaType\":\"application/vnd.oci.image.%s.v1+json\",\"digest\":\"%s\",\"size\":%zu%s}",
                         kind, DIGEST_STRING(&b->digest), b->size, more);
}

static void write_index(int fd, const char *descriptors)
{
        _cleanup_free_ char *index = strprintf("{\"schemaVersion\":2,\"manifests\":[%s]}", descriptors);

        write_text(fd, "index.json", index);
        write_text(fd, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
}

static const Member base_members[] = {
        DIR_MEMBER("./"), DIR_MEMBER("etc/"), FILE_MEMBER("etc/base", "base"), FILE_MEMBER("etc/old", "old"), {},
};
static const Member top_members[] = {
        DIR_MEMBER("./"), DIR_MEMBER("etc/"), FILE_MEMBER("etc/top", "top"), FILE_MEMBER("etc/.wh.old", ""), {},
};

typedef struct Sample {
        Layer layers[2];
        Blob manifest;
} Sample;

#define REF(name) ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"" name "\"}"

static Sample sample_layout(Fixture *f)
{
        _cleanup_free_ char *d = NULL;
        Sample s;

        s.layers[0] = add_layer(f->layout_fd, base_members, ARCHIVE_FILTER_GZIP);
        s.layers[1] = add_layer(f->layout_fd, top_members, ARCHIVE_FILTER_ZSTD);
        s.manifest = add_manifest(f->layout_fd, s.layers, 2, "/bin/sh");
        d = descriptor(&s.manifest, "manifest", REF("1.36"));
        write_index(f->layout_fd, d);
        return s;
}

static char **fetch(Fixture *f, const char *path, const SourceOptions *options)
{
        _cleanup_free_ char *message = NULL;
        char **ids = NULL;

        cr_assert_eq(source_path_import(f->store, path, options, &ids, &message), 0, "%s", message);
        cr_assert_null(message);
        /* Tests wait for the processes they started, and for no other. */
        json_foreign_done();
        return ids;
}

static Image *find(Fixture *f, const char *text)
{
        _cleanup_free_ char *message = NULL;
        Image *image = NULL;

        cr_assert_eq(image_store_find(f->store, text, &image, &message), 0, "%s: %s", text, message);
        return image;
}

static void expect_not_found(Fixture *f, const char *text, int error)
{
        _cleanup_free_ char *message = NULL;
        Image *image = NULL;

        cr_expect_eq(image_store_find(f->store, text, &image, &message), error, "%s", text);
        cr_expect_not_null(message);
}

/* Fetches and expects to be refused, with nothing left. */
static void expect_refused(Fixture *f, const char *path, int error, const char *text)
{
        _cleanup_free_ char *message = NULL;
        char **ids = NULL;
        int r;

        r = source_path_import(f->store, path, NULL, &ids, &message);
        cr_expect_eq(r, error, "wanted %s, got %s: %s", strerror(-error), strerror(-r), message);
        cr_expect(message && startswith(message, path) && strstr(message, text), "wanted \"%s\", got \"%s\"", text,
                  message);
        expect_counts(f, 0, 0, 0);
}

Test(image_store, oci_layout)
{
        Fixture f = fixture_new();
        Sample s = sample_layout(&f);
        _cleanup_strv_free_ char **ids = fetch(&f, f.layout, NULL), **lowers = NULL;
        _cleanup_(image_freep) Image *image = NULL;
        LayerInfo info;
        struct stat st;

        cr_assert_eq(strv_length(ids), 1);
        cr_expect_str_eq(ids[0], DIGEST_STRING(&s.manifest.digest));
        expect_counts(&f, 1, 2, 1);

        image = find(&f, "busybox:1.36");
        cr_expect(digest_equal(&image->id, &s.manifest.digest));
        cr_expect_eq(image->kind, IMAGE_OCI);
        cr_expect_str_eq(image->names[0], "busybox:1.36");
        cr_expect_eq(image->n_layers, 2);
        cr_expect(digest_equal(&image->layers[1], &s.layers[1].diff_id));
        cr_expect_str_eq(image->app->exec[0], "/bin/sh");
        cr_expect_eq(image->manifest_size, s.manifest.size);
        cr_expect_eq(image->size, image->manifest_size + image->config_size + 4 + 3 + 3);

        cr_assert_eq(image_lowers(f.store, image, &lowers, NULL), 0);
        cr_assert_eq(strv_length(lowers), 2);
        cr_expect_eq(fstatat(AT_FDCWD, lowers[0], &st, 0), 0);
        cr_expect(strstr(lowers[0], DIGEST_FILE(&s.layers[1].diff_id)));
        {
                _cleanup_free_ char *gone = path_join(lowers[0], "etc/old"), *kept = path_join(lowers[1], "etc/old");

                cr_expect(lstat(gone, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == 0);
                cr_expect(lstat(kept, &st) == 0 && S_ISREG(st.st_mode));
        }
        {
                _cleanup_close_ int layers = openat(f.store_fd, "layers", O_RDONLY | O_DIRECTORY);

                cr_expect_eq(layer_info_read(layers, &image->layers[0], &info, NULL), 0);
                cr_expect_eq(info.size, 7);
        }
        /* Nobody but root may reach setuid files in there. */
        cr_expect(fstat(f.store_fd, &st) == 0 && (st.st_mode & 0777) == 0700);
        fixture_done(&f);
}

Test(image_store, again_is_the_same)
{
        Fixture f = fixture_new();
        _cleanup_strv_free_ char **one = NULL, **two = NULL;
        Sample s = sample_layout(&f);
        _cleanup_free_ char *path = blob_path(&s.layers[0].blob);

        one = fetch(&f, f.layout, NULL);
        /* Its layers are there: not even looked for. */
        cr_assert_eq(unlinkat(f.layout_fd, path, 0), 0);
        two = fetch(&f, f.layout, &(SourceOptions) { .name = "other/name" });
        cr_expect_str_eq(one[0], two[0]);
        expect_counts(&f, 1, 2, 2);
        image_free(find(&f, "other/name"));
        image_free(find(&f, "other/name:latest"));
        fixture_done(&f);
}

Test(image_store, ids_and_names)
{
        Fixture f = fixture_new();
        Sample s = sample_layout(&f);
        _cleanup_strv_free_ char **ids = fetch(&f, f.layout, &(SourceOptions) { .name = "docker.io/library/busybox" });
        _cleanup_free_ char *prefix = strndup(ids[0], 7 + 2), *dash = NULL, *pinned = NULL;

        image_free(find(&f, ids[0]));
        image_free(find(&f, prefix));
        dash = strjoin("sha256-", prefix + 7);
        image_free(find(&f, dash));
        pinned = strjoin("busybox@", ids[0]);
        image_free(find(&f, pinned));
        image_free(find(&f, "busybox"));
        image_free(find(&f, "busybox:latest"));
        image_free(find(&f, "docker://busybox"));
        image_free(find(&f, "docker.io/library/busybox"));
        prefix[8] = 0;
        expect_not_found(&f, prefix, -EINVAL);
        expect_not_found(&f, "busybox:2", -ENOENT);
        expect_not_found(&f, "quay.io/busybox", -ENOENT);
        expect_not_found(&f, "sha512-aabbcc", -ENOENT);
        expect_not_found(&f, "", -EINVAL);
        expect_not_found(&f, "x y", -EINVAL);
        expect_not_found(&f, "../../etc/passwd", -ENOENT);
        (void) s;
        fixture_done(&f);
}

/* What a manifest has in appc's spelling is the name it was made from. */
Test(image_store, appc_spelling)
{
        static const struct {
                const char *name, *version;
                int r;
        } cases[] = {
                { "reg.lan-5000/my_app", "1.0_X", 0 },       { "reg.lan:5000/my_app", "1.0_X", 0 },
                { "reg.lan:5000/my_app:1.0_X", NULL, 0 },    { "reg.lan-5000/my_app", NULL, -ENOENT },
                { "reg.lan-5000/my_app", "1.0_x", -ENOENT }, { "reg.lan/5000/my_app", "1.0_X", -ENOENT },
        };
        Fixture f = fixture_new();
        Sample s = sample_layout(&f);
        _cleanup_strv_free_ char **ids = fetch(&f, f.layout, &(SourceOptions) { .name = "reg.lan:5000/my_app:1.0_X" });

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *label = cases[i].version ? strjoin("version=", cases[i].version) : NULL,
                                    *message = NULL;
                char *labels[] = { label, NULL };
                AppcImageRef ref = { .name = (char *) cases[i].name, .labels = labels };
                Digest id;
                int r = image_store_resolve_appc(f.store, &ref, &id, &message);

                cr_expect_eq(r, cases[i].r, "%s: %i", cases[i].name, r);
                cr_expect(r < 0 || streq(DIGEST_STRING(&id), ids[0]), "%s: %s", cases[i].name, DIGEST_STRING(&id));
                cr_expect_eq(r < 0, message != NULL, "%s: %s", cases[i].name, message);
        }
        (void) s;
        fixture_done(&f);
}

Test(image_store, ambiguous_prefix)
{
        Fixture f = fixture_new();
        _cleanup_close_ int manifests = openat(f.store_fd, "manifests", O_RDONLY | O_DIRECTORY);
        Digest d = { DIGEST_SHA256, "aa11111111111111111111111111111111111111111111111111111111111111" };

        cr_assert_eq(mkdirat(manifests, DIGEST_FILE(&d), 0700), 0);
        d.hex[63] = '2';
        cr_assert_eq(mkdirat(manifests, DIGEST_FILE(&d), 0700), 0);
        expect_not_found(&f, "sha256-aa", -ENOTUNIQ);
        expect_not_found(&f, "sha256-ab", -ENOENT);
        fixture_done(&f);
}

Test(image_store, several_images_and_references)
{
        Fixture f = fixture_new();
        Sample s = sample_layout(&f);
        Blob other = add_manifest(f.layout_fd, s.layers, 1, "/other");
        _cleanup_free_ char *a = descriptor(&s.manifest, "manifest", REF("1.36")),
                            *b = descriptor(&other, "manifest", REF("quay.io/a/b:3")), *all = NULL, *message = NULL;
        _cleanup_strv_free_ char **one = NULL, **both = NULL, **none = NULL;

        all = strjoin(a, ",", b);
        write_index(f.layout_fd, all);
        one = fetch(&f, f.layout, &(SourceOptions) { .reference = "quay.io/a/b:3", .name = "mine:1" });
        cr_expect_eq(strv_length(one), 1);
        expect_counts(&f, 1, 1, 1);
        both = fetch(&f, f.layout, NULL);
        cr_expect_eq(strv_length(both), 2);
        image_free(find(&f, "quay.io/a/b:3"));
        image_free(find(&f, "busybox:1.36"));
        expect_counts(&f, 2, 2, 3);

        cr_expect_eq(source_path_import(f.store, f.layout, &(SourceOptions) { .reference = "x" }, &none, &message),
                     -ENOENT);
        message = mfree(message);
        cr_expect_eq(source_path_import(f.store, f.layout, &(SourceOptions) { .name = "x" }, &none, &message),
                     -ENOTUNIQ);
        fixture_done(&f);
}

#define PLATFORM(arch) ",\"platform\":{\"os\":\"linux\",\"architecture\":\"" arch "\"}"

Test(image_store, platforms)
{
        Fixture f = fixture_new();
        Sample s = sample_layout(&f);
        Blob foreign = add_manifest(f.layout_fd, s.layers, 1, "/foreign"), inner, outer;
        _cleanup_(oci_platform_freep) OciPlatform *host = NULL;
        _cleanup_free_ char *us = NULL, *them = NULL, *list = NULL, *text = NULL, *platform = NULL, *d = NULL,
                            *nested = NULL, *top = NULL;
        _cleanup_strv_free_ char **ids = NULL;
        _cleanup_(image_freep) Image *image = NULL;

        cr_assert_eq(oci_platform_host(&host), 0);
        platform = strprintf(",\"platform\":{\"os\":\"linux\",\"architecture\":\"%s\"}", host->architecture);
        us = descriptor(&s.manifest, "manifest", platform);
        them = descriptor(&foreign, "manifest", PLATFORM("s390x"));

        /* Only others': refused, and said which. */
        write_index(f.layout_fd, them);
        expect_refused(&f, f.layout, -ENOEXEC, "only for: linux/s390x");

        /* An index in an index. */
        list = strprintf(
                "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[%s,%s]}",
                them, us);
        inner = add_blob(f.layout_fd, list, strlen(list));
        d = descriptor(&inner, "index", "");
        nested = strprintf(
                "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[%s]}",
                d);
        outer = add_blob(f.layout_fd, nested, strlen(nested));
        top = descriptor(&outer, "index", REF("multi"));
        write_index(f.layout_fd, top);
        ids = fetch(&f, f.layout, NULL);
        cr_expect_eq(strv_length(ids), 1);
        image = find(&f, "busybox:multi");
        cr_expect(digest_equal(&image->id, &s.manifest.digest));
        expect_counts(&f, 1, 2, 1);

        /* Directly in index.json. */
        text = strjoin(them, ",", us);
        write_index(f.layout_fd, text);
        image_free(image);
        strv_free(fetch(&f, f.layout, NULL));
        image = find(&f, "busybox:latest");
        cr_expect(digest_equal(&image->id, &s.manifest.digest));
        fixture_done(&f);
}

/* Faults in a layout */

static void overwrite(Fixture *f, const Blob *b, const char *text)
{
        _cleanup_free_ char *path = blob_path(b);

        write_text(f->layout_fd, path, text);
}

static void fault_layer_flipped(Fixture *f, Sample *s)
{
        _cleanup_free_ char *path = blob_path(&s->layers[1].blob), *data = NULL;
        size_t n;

        cr_assert_eq(read_file_at(f->layout_fd, path, 1 << 20, &data, &n), 0);
        data[n / 2] ^= 1;
        cr_assert_eq(write_file_at(f->layout_fd, path, data, n, 0644), 0);
}

static void fault_layer_truncated(Fixture *f, Sample *s)
{
        _cleanup_free_ char *path = blob_path(&s->layers[1].blob);
        _cleanup_close_ int fd = openat(f->layout_fd, path, O_WRONLY);

        cr_assert_eq(ftruncate(fd, (off_t) s->layers[1].blob.size - 9), 0);
}

static void fault_layer_missing(Fixture *f, Sample *s)
{
        _cleanup_free_ char *path = blob_path(&s->layers[0].blob);

        unlinkat(f->layout_fd, path, 0);
}

/* Same size and a good archive, but another one. */
static void fault_layer_exchanged(Fixture *f, Sample *s)
{
        _cleanup_free_ char *path = blob_path(&s->layers[0].blob), *other = blob_path(&s->layers[1].blob), *data = NULL;
        size_t n;

        cr_assert_eq(read_file_at(f->layout_fd, other, 1 << 20, &data, &n), 0);
        cr_assert_eq(write_file_at(f->layout_fd, path, data, n, 0644), 0);
}

static void new_manifest(Fixture *f, Sample *s)
{
        _cleanup_free_ char *d = NULL;

        s->manifest = add_manifest(f->layout_fd, s->layers, 2, "x");
        d = descriptor(&s->manifest, "manifest", "");
        write_index(f->layout_fd, d);
}

static void fault_diff_id(Fixture *f, Sample *s)
{
        s->layers[1].diff_id.hex[0] ^= 1;
        new_manifest(f, s);
}

static void fault_layer_size(Fixture *f, Sample *s)
{
        s->layers[1].blob.size++;
        new_manifest(f, s);
}

static void fault_layer_hostile(Fixture *f, Sample *s)
{
        s->layers[1] = add_layer(f->layout_fd, (Member[]) { FILE_MEMBER("ok", "x"), FILE_MEMBER("x/../../y", ""), {} },
                                 ARCHIVE_FILTER_GZIP);
        new_manifest(f, s);
}

static void fault_layer_is_link(Fixture *f, Sample *s)
{
        _cleanup_free_ char *path = blob_path(&s->layers[1].blob);

        unlinkat(f->layout_fd, path, 0);
        cr_assert_eq(symlinkat("/etc/passwd", f->layout_fd, path), 0);
}

static void fault_layer_is_fifo(Fixture *f, Sample *s)
{
        _cleanup_free_ char *path = blob_path(&s->layers[1].blob);

        unlinkat(f->layout_fd, path, 0);
        cr_assert_eq(mkfifoat(f->layout_fd, path, 0600), 0);
}

static void fault_manifest_changed(Fixture *f, Sample *s)
{
        overwrite(f, &s->manifest, "{}");
}

static void fault_manifest_digest(Fixture *f, Sample *s)
{
        _cleanup_free_ char *path = blob_path(&s->manifest), *data = NULL;
        size_t n;

        cr_assert_eq(read_file_at(f->layout_fd, path, 1 << 20, &data, &n), 0);
        data[n - 2] = ' ';
        cr_assert_eq(write_file_at(f->layout_fd, path, data, n, 0644), 0);
}

static void fault_manifest_missing(Fixture *f, Sample *s)
{
        _cleanup_free_ char *path = blob_path(&s->manifest);

        unlinkat(f->layout_fd, path, 0);
}

static void fault_index_huge(Fixture *f, Sample *s)
{
        _cleanup_close_ int fd = openat(f->layout_fd, "index.json", O_WRONLY);

        cr_assert_eq(ftruncate(fd, 100 << 20), 0);
}

static void fault_manifest_huge(Fixture *f, Sample *s)
{
        _cleanup_free_ char *d = NULL;

        s->manifest.size = 100 << 20;
        d = descriptor(&s->manifest, "manifest", "");
        write_index(f->layout_fd, d);
}

static void fault_index_nested(Fixture *f, Sample *s)
{
        char deep[20001];

        memset(deep, '[', 10000);
        memset(deep + 10000, ']', 10000);
        deep[20000] = 0;
        write_text(f->layout_fd, "index.json", deep);
}

static void fault_index_type(Fixture *f, Sample *s)
{
        write_text(f->layout_fd, "index.json", "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":7}]}");
}

static void fault_index_is_link(Fixture *f, Sample *s)
{
        unlinkat(f->layout_fd, "index.json", 0);
        cr_assert_eq(symlinkat("/dev/zero", f->layout_fd, "index.json"), 0);
}

static void fault_layout_version(Fixture *f, Sample *s)
{
        write_text(f->layout_fd, "oci-layout", "{\"imageLayoutVersion\":\"2.0.0\"}");
}

static void fault_config_layers(Fixture *f, Sample *s)
{
        static const char empty[] =
                "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}";
        Blob config = add_blob(f->layout_fd, empty, strlen(empty));
        _cleanup_free_ char *manifest = NULL, *d = NULL;
        Blob b;

        manifest =
                strprintf("{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\","
                          "\"digest\":\"%s\",\"size\":%zu},\"layers\":[{\"mediaType\":"
                          "\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"%s\",\"size\":%zu}]}",
                          DIGEST_STRING(&config.digest), config.size, DIGEST_STRING(&s->layers[0].blob.digest),
                          s->layers[0].blob.size);
        b = add_blob(f->layout_fd, manifest, strlen(manifest));
        d = descriptor(&b, "manifest", "");
        write_index(f->layout_fd, d);
}

static void fault_layer_type(Fixture *f, Sample *s)
{
        _cleanup_free_ char *manifest = NULL, *d = NULL;
        Blob b;

        manifest =
                strprintf("{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\","
                          "\"digest\":\"%s\",\"size\":%zu},\"layers\":[{\"mediaType\":\"application/x-squashfs\","
                          "\"digest\":\"%s\",\"size\":%zu}]}",
                          DIGEST_STRING(&s->layers[1].blob.digest), s->layers[1].blob.size,
                          DIGEST_STRING(&s->layers[0].blob.digest), s->layers[0].blob.size);
        b = add_blob(f->layout_fd, manifest, strlen(manifest));
        d = descriptor(&b, "manifest", "");
        write_index(f->layout_fd, d);
}

static const struct {
        void (*fault)(Fixture *f, Sample *s);
        int error;
        const char *message;
} faults[] = {
        { fault_layer_flipped, -EBADMSG, ": layer sha256:" },
        { fault_layer_truncated, -EBADMSG, "bytes long, not " },
        { fault_layer_missing, -ENOENT, ": is missing" },
        { fault_layer_exchanged, -EBADMSG, ": layer sha256:" },
        { fault_diff_id, -EBADMSG, "the digest of its uncompressed contents is sha256:" },
        { fault_layer_size, -EBADMSG, "bytes long, not " },
        { fault_layer_hostile, -EBADMSG, ": entry 'x/../../y' leaves the tree" },
        { fault_layer_is_link, -ENOENT, ": is missing" },
        { fault_layer_is_fifo, -EBADMSG, ": is not a regular file" },
        { fault_manifest_changed, -EBADMSG, "is 2 bytes long, not " },
        { fault_manifest_digest, -EBADMSG, "its digest is sha256:" },
        { fault_manifest_missing, -ENOENT, ": is missing" },
        { fault_index_huge, -E2BIG, "index.json: is larger than 4 MiB" },
        { fault_manifest_huge, -E2BIG, ": is larger than 4 MiB" },
        { fault_index_nested, -EBADMSG, "index.json: " },
        { fault_index_type, -EINVAL, "index.json: manifests[0].mediaType: " },
        { fault_index_is_link, -ENOENT, "index.json: is missing" },
        { fault_layout_version, -EOPNOTSUPP, "oci-layout: imageLayoutVersion" },
        { fault_config_layers, -EBADMSG, "rootfs.diff_ids: 0 of them, but the image has 1 layers" },
        { fault_layer_type, -EOPNOTSUPP, "layers[0]" },
};

Test(image_store, faults_in_layouts)
{
        for (size_t i = 0; i < ELEMENTSOF(faults); i++) {
                Fixture f = fixture_new();
                Sample s = sample_layout(&f);
                _cleanup_free_ char *tar = NULL, *command = NULL;

                faults[i].fault(&f, &s);
                expect_refused(&f, f.layout, faults[i].error, faults[i].message);

                /* And the same in an archive, where it can be put into one. */
                if (faults[i].fault != fault_layer_is_fifo) {
                        tar = path_join(f.t.path, "layout.tar.gz");
                        command = strprintf("tar -C %s -czf %s .", f.layout, tar);
                        cr_assert_eq(system(command), 0);
                        expect_refused(&f, tar, faults[i].error, faults[i].message);
                }
                fixture_done(&f);
        }
}

/* Docker archives */

static char *docker_archive(Fixture *f, const char *layer, const char *config_path)
{
        Layer l = add_layer(f->layout_fd, base_members, ARCHIVE_FILTER_NONE);
        _cleanup_free_ char *blob = blob_path(&l.blob), *config = NULL, *manifest = NULL, *command = NULL;
        char *tar;

        cr_assert_eq(mkdirat(f->layout_fd, "one", 0755), 0);
        cr_assert_eq(mkdirat(f->layout_fd, "two", 0755), 0);
        cr_assert_eq(renameat(f->layout_fd, blob, f->layout_fd, "one/layer.tar"), 0);
        cr_assert_eq(symlinkat("../one/layer.tar", f->layout_fd, "two/layer.tar"), 0);
        cr_assert_eq(rm_rf_at(f->layout_fd, "blobs"), 0);
        config = strprintf("{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Entrypoint\":[\"/x\"]},"
                           "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\",\"%s\"]}}", DIGEST_STRING(&l.diff_id),
                           DIGEST_STRING(&l.diff_id));
        write_text(f->layout_fd, "config.json", config);
        manifest = strprintf("[{\"Config\":\"%s\",\"RepoTags\":[\"busybox:1\",\"localhost/b\"],"
                             "\"Layers\":[\"%s\",\"one/layer.tar\"]}]", config_path, layer);
        write_text(f->layout_fd, "manifest.json", manifest);
        tar = path_join(f->t.path, "saved.tar");
        command = strprintf("tar -C %s -cf %s one two config.json manifest.json", f->layout, tar);
        cr_assert_eq(system(command), 0);
        return tar;
}

Test(image_store, docker_archive)
{
        Fixture f = fixture_new();
        _cleanup_free_ char *tar = docker_archive(&f, "two/layer.tar", "config.json");
        _cleanup_strv_free_ char **ids = fetch(&f, tar, NULL), **again = NULL, **lowers = NULL;
        _cleanup_(image_freep) Image *image = find(&f, ids[0]);

        expect_counts(&f, 1, 1, 2);
        cr_expect_eq(image->kind, IMAGE_DOCKER);
        cr_expect_eq(image->n_layers, 2);
        /* By its ID it comes with all names, by a name with that one. */
        cr_expect_eq(strv_length(image->names), 2);
        {
                _cleanup_(image_freep) Image *by_name = find(&f, "busybox:1");

                cr_expect_eq(strv_length(by_name->names), 1);
        }
        cr_expect_str_eq(image->app->exec[0], "/x");
        /* Twice the same layer is stacked once. */
        cr_assert_eq(image_lowers(f.store, image, &lowers, NULL), 0);
        cr_expect_eq(strv_length(lowers), 1);

        again = fetch(&f, f.layout, NULL);
        cr_expect_str_eq(ids[0], again[0]);
        fixture_done(&f);
}

/* What docker writes since version 25: an image layout, and manifest.json beside. */
Test(image_store, docker_archive_of_today)
{
        Fixture f = fixture_new();
        Sample s = sample_layout(&f);
        _cleanup_(image_freep) Image *image = NULL;
        _cleanup_free_ char *d = NULL, *text = NULL, *tar = path_join(f.t.path, "new.tar"), *command = NULL;
        Digest config;

        strv_free(fetch(&f, f.layout, NULL));
        image = find(&f, "busybox:1.36");
        cr_assert_eq(digest_of_memory(DIGEST_SHA256, image->config, image->config_size, &config), 0);
        d = descriptor(&s.manifest, "manifest",
                       ",\"annotations\":{\"io.containerd.image.name\":\"docker.io/library/b:2\","
                       "\"org.opencontainers.image.ref.name\":\"2\"}");
        write_index(f.layout_fd, d);
        text = strprintf("[{\"Config\":\"blobs/sha256/%s\",\"RepoTags\":[\"b:2\"],\"Layers\":[]}]", config.hex);
        write_text(f.layout_fd, "manifest.json", text);
        command = strprintf("tar -C %s -cf %s blobs index.json manifest.json oci-layout", f.layout, tar);
        cr_assert_eq(system(command), 0);

        strv_free(fetch(&f, tar, NULL));
        image_free(find(&f, "docker.io/library/b:2"));
        image_free(find(&f, "b:2"));
        expect_counts(&f, 1, 2, 3);
        fixture_done(&f);
}

Test(image_store, docker_archive_path_tricks)
{
        static const char *const tricks[][2] = {
                { "../../../../etc/passwd", "config.json" }, { "/etc/passwd", "config.json" },
                { "two/layer.tar", "/proc/self/mem" },       { "two/layer.tar", "../../../etc/passwd" },
                { "two", "config.json" },                    { "two/layer.tar", "missing.json" },
        };

        for (size_t i = 0; i < ELEMENTSOF(tricks); i++) {
                Fixture f = fixture_new();
                _cleanup_free_ char *tar = docker_archive(&f, tricks[i][0], tricks[i][1]), *message = NULL;
                char **ids;

                cr_expect_lt(source_path_import(f.store, tar, NULL, &ids, &message), 0);
                cr_expect(message && startswith(message, tar) && !strstr(message, "root:"), "%s", message);
                expect_counts(&f, 0, 0, 0);
                fixture_done(&f);
        }
}

/* ACIs */

static const char aci_manifest[] =
        "{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":\"example.com/app\",\"labels\":["
        "{\"name\":\"version\",\"value\":\"1.2.0\"},{\"name\":\"os\",\"value\":\"linux\"},{\"name\":\"arch\",\"value\":"
        "\"amd64\"}],"
        "\"app\":{\"exec\":[\"/bin/app\"],\"user\":\"0\",\"group\":\"0\"}}";

static char *write_aci(Fixture *f, const char *name, const char *manifest, int filter)
{
        _cleanup_close_ int fd = tar_of((Member[]) { FILE_MEMBER("manifest", manifest), DIR_MEMBER("rootfs"),
                                                     FILE_MEMBER("rootfs/f", "f"), {} }, filter);
        _cleanup_free_ char *data = NULL;
        size_t n;
        char *path = path_join(f->t.path, name);

        data = slurp(fd, &n);
        cr_assert_eq(write_file_at(AT_FDCWD, path, data, n, 0644), 0);
        return path;
}

Test(image_store, aci)
{
        static const int filters[] = { ARCHIVE_FILTER_NONE, ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_BZIP2,
                                       ARCHIVE_FILTER_XZ };
        Fixture f = fixture_new();
        _cleanup_strv_free_ char **first = NULL;

        for (size_t i = 0; i < ELEMENTSOF(filters); i++) {
                _cleanup_free_ char *path = write_aci(&f, "app.aci", aci_manifest, filters[i]);
                _cleanup_strv_free_ char **ids = fetch(&f, path, NULL);

                cr_assert_eq(strv_length(ids), 1);
                cr_expect(startswith(ids[0], "sha512-"));
                if (!first)
                        first = strv_copy(ids);
                cr_expect_str_eq(ids[0], first[0]);
                expect_counts(&f, 1, 1, 1);
        }
        {
                _cleanup_(image_freep) Image *image = find(&f, "example.com/app");

                cr_expect_eq(image->kind, IMAGE_APPC);
                cr_expect_str_eq(image->app->exec[0], "/bin/app");
                cr_expect_str_eq(image->names[0], "example.com/app:1.2.0");
                cr_expect_eq(image->n_layers, 1);
                cr_expect_null(image->config);
        }
        image_free(find(&f, "example.com/app:1.2.0"));
        image_free(find(&f, "example.com/app,os=linux,arch=amd64"));
        image_free(find(&f, "example.com/app:1.2.0,os=linux"));
        expect_not_found(&f, "example.com/app:2", -ENOENT);
        expect_not_found(&f, "example.com/app,os=freebsd", -ENOENT);
        fixture_done(&f);
}

Test(image_store, no_images)
{
        Fixture f = fixture_new();
        _cleanup_free_ char *text = path_join(f.t.path, "text"), *tar = path_join(f.t.path, "some.tar"),
                            *bad = write_aci(&f, "bad.aci", "{\"acKind\":\"PodManifest\"}", ARCHIVE_FILTER_NONE),
                            *missing = path_join(f.t.path, "missing"), *cut = NULL, *data = NULL, *command = NULL;
        size_t n;

        write_text(AT_FDCWD, text, "hello\n");
        command = strprintf("tar -C %s -cf %s text", f.t.path, tar);
        cr_assert_eq(system(command), 0);
        expect_refused(&f, text, -EMEDIUMTYPE, ": neither an OCI layout, a docker archive nor an ACI");
        expect_refused(&f, tar, -EMEDIUMTYPE, ": neither an OCI layout, a docker archive nor an ACI");
        expect_refused(&f, f.layout, -EMEDIUMTYPE, ": neither an OCI layout, a docker archive nor an ACI");
        expect_refused(&f, "/dev/zero", -EMEDIUMTYPE, ": neither an OCI layout, a docker archive nor an ACI");
        expect_refused(&f, missing, -ENOENT, ": No such file or directory");
        expect_refused(&f, bad, -EINVAL, ": manifest: ");

        /* An ACI that lost its end between two entries. */
        cut = write_aci(&f, "cut.aci", aci_manifest, ARCHIVE_FILTER_NONE);
        cr_assert_eq(read_file_at(AT_FDCWD, cut, 1 << 20, &data, &n), 0);
        cr_assert_eq(truncate(cut, (off_t) n - 1024), 0);
        expect_refused(&f, cut, -EBADMSG, "damaged archive");
        fixture_done(&f);
}

/* What a layer does not say of a directory, one below does. */
Test(image_store, implied_directories)
{
        static const Member base[] = {
                { "./", AE_IFDIR, 0711 },
                { "tmp/", AE_IFDIR, 01777, .uid = 5, .mtime = 77 },
                { "srv/", AE_IFDIR, 0700 },
                { "srv/a/", AE_IFDIR, 0700 },
                { "same/", AE_IFDIR, 0750 },
                { "opaque/", AE_IFDIR, 0700 },
                { "opaque/d/", AE_IFDIR, 0700 },
                FILE_MEMBER("file", ""),
                {},
        };
        static const Member top[] = {
                FILE_MEMBER("tmp/x", ""), FILE_MEMBER("srv/a/b/c", ""), { "same/", AE_IFDIR, 0755 },
                FILE_MEMBER("opaque/.wh..wh..opq", ""), FILE_MEMBER("opaque/d/x", ""), FILE_MEMBER("file/x", ""), {},
        };
        Fixture f = fixture_new();
        Layer layers[2] = { add_layer(f.layout_fd, base, ARCHIVE_FILTER_GZIP),
                            add_layer(f.layout_fd, top, ARCHIVE_FILTER_GZIP) };
        Blob manifest = add_manifest(f.layout_fd, layers, 2, "/x");
        _cleanup_free_ char *d = descriptor(&manifest, "manifest", "");
        _cleanup_strv_free_ char **lowers = NULL;
        _cleanup_(image_freep) Image *image = NULL;
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        write_index(f.layout_fd, d);
        strv_free(fetch(&f, f.layout, NULL));
        image = find(&f, "busybox");
        cr_assert_eq(image_lowers(f.store, image, &lowers, NULL), 0);
        cr_assert_eq(strv_length(lowers), 3);
        fd = open(lowers[0], O_RDONLY | O_DIRECTORY);
        cr_expect(fstat(fd, &st) == 0 && (st.st_mode & 07777) == 0711);
        cr_expect(fstatat(fd, "tmp", &st, 0) == 0 && (st.st_mode & 07777) == 01777 && st.st_uid == 5 &&
                  st.st_mtim.tv_sec == 77);
        cr_expect(fstatat(fd, "srv/a", &st, 0) == 0 && (st.st_mode & 07777) == 0700);
        cr_expect(fstatat(fd, "srv", &st, 0) == 0 && (st.st_mode & 07777) == 0700);
        /* New ones, ones that were told of again, and ones that replace what is below, need nothing. */
        cr_expect_lt(fstatat(fd, "srv/a/b", &st, 0), 0);
        cr_expect_lt(fstatat(fd, "same", &st, 0), 0);
        cr_expect_lt(fstatat(fd, "opaque/d", &st, 0), 0);
        cr_expect_lt(fstatat(fd, "file", &st, 0), 0);
        cr_expect_lt(fstatat(fd, "opaque", &st, 0), 0);
        fixture_done(&f);
}

/* The kernel's opinion of our whiteouts. */
Test(image_store, overlayfs_shows_the_image)
{
        static const Member base[] = {
                DIR_MEMBER("./"), FILE_MEMBER("a/kept", "1"), FILE_MEMBER("a/gone", "1"), FILE_MEMBER("b/hidden", "1"),
                FILE_MEMBER("c/replaced", "1"), FILE_MEMBER("d/below", "1"), {},
        };
        static const Member top[] = {
                FILE_MEMBER("a/.wh.gone", ""),     FILE_MEMBER("a/new", "2"),
                FILE_MEMBER("b/.wh..wh..opq", ""), FILE_MEMBER("b/x", "2"),
                FILE_MEMBER("c/replaced", "22"),   FILE_MEMBER(".wh.d", ""),
                FILE_MEMBER("d/only", "2"),        {},
        };
        static const struct {
                const char *path;
                off_t size;     /* -1: not there */
        } expected[] = {
                { "a/kept", 1 }, { "a/gone", -1 },    { "a/new", 1 },    { "b/hidden", -1 },
                { "b/x", 1 },    { "c/replaced", 2 }, { "d/below", -1 }, { "d/only", 1 },
        };
        Fixture f = fixture_new();
        Layer layers[2] = { add_layer(f.layout_fd, base, ARCHIVE_FILTER_GZIP),
                            add_layer(f.layout_fd, top, ARCHIVE_FILTER_GZIP) };
        Blob manifest = add_manifest(f.layout_fd, layers, 2, "/x");
        _cleanup_free_ char *d = descriptor(&manifest, "manifest", ""), *lower = NULL, *options = NULL;
        _cleanup_strv_free_ char **lowers = NULL;
        _cleanup_(image_freep) Image *image = NULL;

        write_index(f.layout_fd, d);
        strv_free(fetch(&f, f.layout, NULL));
        image = find(&f, "busybox");
        cr_assert_eq(image_lowers(f.store, image, &lowers, NULL), 0);
        lower = strv_join(lowers, ":");
        options = strjoin("lowerdir=", lower);

        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("overlay", f.layout, "overlay", MS_RDONLY, options) < 0)
                cr_skip_test("cannot mount here");
        for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
                _cleanup_free_ char *path = path_join(f.layout, expected[i].path);
                struct stat st = { .st_size = -1 };

                if (stat(path, &st) < 0)
                        st.st_size = -1;
                cr_expect_eq(st.st_size, expected[i].size, "%s", expected[i].path);
        }
        cr_expect_eq(umount(f.layout), 0);
        fixture_done(&f);
}

/* Removal */

Test(image_store, remove_keeps_shared_layers)
{
        Fixture f = fixture_new();
        Sample s = sample_layout(&f);
        Blob other = add_manifest(f.layout_fd, s.layers, 1, "/other");
        _cleanup_free_ char *a = descriptor(&s.manifest, "manifest", REF("a")),
                            *b = descriptor(&other, "manifest", REF("b")), *all = strjoin(a, ",", b), *message = NULL;
        char *used[] = { (char *) DIGEST_STRING(&s.layers[0].diff_id), NULL };
        ImageCollect collect = {};

        write_index(f.layout_fd, all);
        strv_free(fetch(&f, f.layout, NULL));
        expect_counts(&f, 2, 2, 2);

        cr_expect_eq(image_store_remove(f.store, &s.manifest.digest, NULL, &message), 0);
        expect_counts(&f, 1, 1, 1);
        cr_expect_eq(image_store_remove(f.store, &s.manifest.digest, NULL, &message), -ENOENT);
        image_free(find(&f, "busybox:b"));

        /* A pod uses the last layer. */
        cr_expect_eq(image_store_remove(f.store, &other.digest, used, NULL), 0);
        expect_counts(&f, 0, 1, 0);
        collect.used_layers = used;
        cr_expect_eq(image_store_collect(f.store, &collect, NULL), 0);
        expect_counts(&f, 0, 1, 0);
        collect.used_layers = NULL;
        cr_expect_eq(image_store_collect(f.store, &collect, NULL), 0);
        cr_expect_eq(collect.removed_layers, 1);
        expect_counts(&f, 0, 0, 0);
        fixture_done(&f);
}

Test(image_store, collect_by_age)
{
        Fixture f = fixture_new();
        Sample s = sample_layout(&f);
        char *keep[] = { (char *) DIGEST_STRING(&s.manifest.digest), NULL };
        ImageCollect collect = { .unused_since = now_nsec() - 3600 * NSEC_PER_SEC, .used_images = keep }, foreseen;
        _cleanup_(image_freep) Image *image = NULL;

        strv_free(fetch(&f, f.layout, NULL));
        image = find(&f, "busybox:1.36");
        cr_expect_eq(image_store_touch(f.store, image), 0);
        cr_expect_eq(image_store_collect(f.store, &collect, NULL), 0);
        expect_counts(&f, 1, 2, 1);

        collect.unused_since = now_nsec() + NSEC_PER_SEC;
        cr_expect_eq(image_store_collect(f.store, &collect, NULL), 0);
        expect_counts(&f, 1, 2, 1);

        collect.used_images = NULL;
        collect.preview = true;
        cr_expect_eq(image_store_collect(f.store, &collect, NULL), 0);
        expect_counts(&f, 1, 2, 1);
        cr_expect_eq(strv_length(collect.removed_images), 1);
        foreseen = collect;
        collect.preview = false;
        collect.removed_images = NULL;
        cr_expect_eq(image_store_collect(f.store, &collect, NULL), 0);
        cr_expect_eq(strv_length(collect.removed_images), 1);
        cr_expect_str_eq(collect.removed_images[0], foreseen.removed_images[0]);
        cr_expect_eq(collect.removed_layers, foreseen.removed_layers);
        cr_expect_eq(collect.freed, foreseen.freed);
        cr_expect_gt(collect.freed, 0);
        strv_free(foreseen.removed_images);
        expect_counts(&f, 0, 0, 0);
        strv_free(collect.removed_images);
        fixture_done(&f);
}

static void touch_use(Fixture *f, const char *name, uint64_t seconds)
{
        _cleanup_(image_freep) Image *image = find(f, name);
        _cleanup_free_ char *path = strjoin("manifests/", DIGEST_FILE(&image->id));
        const struct timespec times[] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = (time_t) seconds } };

        cr_assert_eq(utimensat(f->store_fd, path, times, 0), 0);
}

/* Two images share a layer; what counts is what goes with each. */
Test(image_store, collect_by_size)
{
        Fixture f = fixture_new();
        Sample s = sample_layout(&f);
        Blob other = add_manifest(f.layout_fd, s.layers, 1, "/other");
        _cleanup_free_ char *a = descriptor(&s.manifest, "manifest", REF("a")),
                            *b = descriptor(&other, "manifest", REF("b")), *all = strjoin(a, ",", b);
        _cleanup_close_ int layers = -EBADF;
        ImageCollect collect = {};
        LayerInfo info[2];
        uint64_t total = 0;

        write_index(f.layout_fd, all);
        strv_free(fetch(&f, f.layout, NULL));
        layers = openat(f.store_fd, "layers", O_RDONLY | O_DIRECTORY);
        for (size_t i = 0; i < 2; i++) {
                cr_assert_eq(layer_info_read(layers, &s.layers[i].diff_id, &info[i], NULL), 0);
                total += info[i].size + info[i].blob_size;
        }
        touch_use(&f, "busybox:b", 1000);
        touch_use(&f, "busybox:a", 2000);

        collect.max_size = total;
        cr_expect_eq(image_store_collect(f.store, &collect, NULL), 0);
        expect_counts(&f, 2, 2, 2);

        /* The older one has nothing of its own, so the other has to go too; its share stays with nobody. */
        collect.max_size = total - 1;
        cr_expect_eq(image_store_collect(f.store, &collect, NULL), 0);
        cr_expect_eq(strv_length(collect.removed_images), 2);
        cr_expect_eq(collect.freed, total);
        expect_counts(&f, 0, 0, 0);
        collect.removed_images = strv_free(collect.removed_images);

        /* Now the one with a layer of its own is the older. */
        strv_free(fetch(&f, f.layout, NULL));
        touch_use(&f, "busybox:a", 500);
        collect.max_size = info[0].size + info[0].blob_size;
        cr_expect_eq(image_store_collect(f.store, &collect, NULL), 0);
        cr_expect_eq(strv_length(collect.removed_images), 1);
        expect_counts(&f, 1, 1, 1);
        image_free(find(&f, "busybox:b"));
        collect.removed_images = strv_free(collect.removed_images);
        fixture_done(&f);
}

/* What nobody refers to, and a transfer that broke off, are somebody's work for a while. */
Test(image_store, orphans_stay_for_a_while)
{
        Fixture f = fixture_new();
        ImageCollect collect = { .orphan_grace = IMAGE_ORPHAN_GRACE };
        _cleanup_free_ char *layer = NULL;
        Sample s = sample_layout(&f);
        Digest id;

        strv_free(fetch(&f, f.layout, NULL));
        id = s.manifest.digest;
        layer = strjoin("manifests/", DIGEST_FILE(&id));
        cr_assert_eq(rm_rf_at(f.store_fd, layer), 0);
        write_text(f.store_fd, "partial/sha256-x", "beginning");

        cr_expect_eq(image_store_collect(f.store, &collect, NULL), 0);
        expect_counts(&f, 0, 2, 0);
        cr_expect_eq(count(&f, "partial"), 1);
        collect.orphan_grace = 0;
        cr_expect_eq(image_store_collect(f.store, &collect, NULL), 0);
        expect_counts(&f, 0, 0, 0);
        cr_expect_eq(count(&f, "partial"), 0);
        fixture_done(&f);
}

Test(image_store, broken_images_do_not_stop_anything)
{
        Fixture f = fixture_new();
        _cleanup_close_ int manifests = openat(f.store_fd, "manifests", O_RDONLY | O_DIRECTORY);
        Digest d = { DIGEST_SHA256, "aa11111111111111111111111111111111111111111111111111111111111111" }, resolved;
        Image **images;
        size_t n;

        sample_layout(&f);
        cr_assert_eq(mkdirat(manifests, DIGEST_FILE(&d), 0700), 0);
        strv_free(fetch(&f, f.layout, NULL));
        {
                ImageCollect collect = {};
                Image **all;

                cr_expect_eq(image_store_collect(f.store, &collect, NULL), 0);
                cr_assert_eq(image_store_list(f.store, &all, &n), 0);
                image_array_free(all, n);
        }
        cr_assert_eq(image_store_list(f.store, &images, &n), 0);
        cr_expect_eq(n, 1);
        image_array_free(images, n);
        image_free(find(&f, "busybox:1.36"));
        cr_expect_eq(image_store_resolve(f.store, "sha256-aa11", &resolved, NULL, NULL), 0);
        cr_expect_eq(image_store_remove(f.store, &resolved, NULL, NULL), 0);
        expect_counts(&f, 1, 2, 1);
        fixture_done(&f);
}

Test(image_store, removal_waits_for_readers)
{
        Fixture f = fixture_new();
        _cleanup_close_ int reader = image_store_lock(f.store, LOCK_SH), other = -EBADF;

        cr_assert_geq(reader, 0);
        other = image_store_lock(f.store, LOCK_SH | LOCK_NB);
        cr_expect_geq(other, 0);
        cr_expect_eq(image_store_lock(f.store, LOCK_EX | LOCK_NB), -EAGAIN);
        fixture_done(&f);
}

/* Several processes */

/* A layout whose layer takes a while. */
static Sample large_layout(Fixture *f)
{
        const int n = 800;
        _cleanup_free_ Member *members = new0(Member, n + 1);
        _cleanup_free_ char *text = malloc(8192), *d = NULL;
        Sample s;

        memset(text, 'x', 8191);
        text[8191] = 0;
        for (int i = 0; i < n; i++)
                members[i] = (Member) { strprintf("d%i/f%i", i % 50, i), AE_IFREG, 0644, text };
        s.layers[0] = add_layer(f->layout_fd, members, ARCHIVE_FILTER_GZIP);
        for (int i = 0; i < n; i++)
                free((char *) members[i].name);
        s.layers[1] = add_layer(f->layout_fd, top_members, ARCHIVE_FILTER_GZIP);
        s.manifest = add_manifest(f->layout_fd, s.layers, 2, "/bin/sh");
        d = descriptor(&s.manifest, "manifest", "");
        write_index(f->layout_fd, d);
        return s;
}

static pid_t fetch_in_child(Fixture *f)
{
        pid_t pid = fork();

        cr_assert_geq(pid, 0);
        if (pid == 0) {
                ImageStore *store;
                char **ids;

                if (image_store_open(f->data, &store, NULL) < 0)
                        _exit(1);
                _exit(source_path_import(store, f->layout, NULL, &ids, NULL) < 0 ? 2 : 0);
        }
        return pid;
}

Test(image_store, two_at_once)
{
        Fixture f = fixture_new();
        pid_t pids[3];

        large_layout(&f);
        for (size_t i = 0; i < ELEMENTSOF(pids); i++)
                pids[i] = fetch_in_child(&f);
        for (size_t i = 0; i < ELEMENTSOF(pids); i++) {
                int status;

                cr_assert_eq(waitpid(pids[i], &status, 0), pids[i]);
                cr_expect_eq(status, 0);
        }
        expect_counts(&f, 1, 2, 1);
        image_free(find(&f, "busybox"));
        fixture_done(&f);
}

Test(image_store, killed_at_any_moment)
{
        Fixture f = fixture_new();
        uint64_t begin, whole;
        int status;

        cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
        large_layout(&f);
        begin = now_nsec();
        cr_assert_eq(waitpid(fetch_in_child(&f), &status, 0) > 0, 1);
        whole = now_nsec() - begin;

        for (int i = 0; i < 12; i++) {
                struct timespec delay = { .tv_nsec = (long) (whole * (uint64_t) i / 12 % NSEC_PER_SEC),
                                          .tv_sec = (time_t) (whole * (uint64_t) i / 12 / NSEC_PER_SEC) };
                ImageCollect collect = { .unused_since = now_nsec() + 3600 * NSEC_PER_SEC };
                pid_t pid;

                cr_assert_eq(image_store_collect(f.store, &collect, NULL), 0);
                strv_free(collect.removed_images);
                expect_counts(&f, 0, 0, 0);

                pid = fetch_in_child(&f);
                nanosleep(&delay, NULL);
                kill(pid, SIGKILL);
                /* It, and those it had working for it, of whom the last may have had no time yet to give up its
                 * locks. */
                while (wait(&status) > 0)
                        ;
                cr_expect_leq(count(&f, "manifests"), 1);

                strv_free(fetch(&f, f.layout, NULL));
                expect_counts(&f, 1, 2, 1);
                image_free(find(&f, "busybox"));
        }
        fixture_done(&f);
}

/* What others' tools make */

static bool have(const char *tool)
{
        _cleanup_free_ char *command = strprintf("command -v %s >/dev/null", tool);

        return system(command) == 0;
}

Test(image_store, umoci_and_skopeo)
{
        static const char *const files[] = { "u", "u.oci.tar", "u.docker.tar", "u.docker.tar.gz" };
        Fixture f = fixture_new();
        _cleanup_free_ char *command = NULL;

        if (!have("umoci") || !have("skopeo"))
                cr_skip_test("needs umoci and skopeo");
        command = strprintf("cd %s && { umoci init --layout u && umoci new --image u:one && mkdir -p t/etc && echo hi "
                            ">t/etc/hello && "
                            "umoci insert --image u:one t / && umoci insert --whiteout --image u:one /etc/hello && "
                            "umoci config --image u:one --config.entrypoint /bin/app && "
                            "skopeo copy oci:u:one oci-archive:u.oci.tar:one && skopeo copy oci:u:one "
                            "docker-archive:u.docker.tar:a/u:one && "
                            "gzip -k u.docker.tar; } >/dev/null 2>&1",
                            f.t.path);
        cr_assert_eq(system(command), 0);

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                _cleanup_free_ char *path = path_join(f.t.path, files[i]);
                _cleanup_strv_free_ char **ids = fetch(&f, path, NULL);
                _cleanup_(image_freep) Image *image = find(&f, ids[0]);

                cr_expect_str_eq(image->app->exec[0], "/bin/app");
                cr_expect_eq(image->n_layers, 2);
        }
        image_free(find(&f, "a/u:one"));
        image_free(find(&f, "u:one"));
        /* Two layers, and for either image a tree for the directories that they only imply. */
        expect_counts(&f, 2, 4, 2);
        fixture_done(&f);
}
