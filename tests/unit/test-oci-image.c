/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manifest/oci-config.h"
#include "manifest/oci-image.h"
#include "lib/test-cases.h"

static int descriptor_case(const char *data, size_t n, JsonError *e)
{
        _cleanup_(oci_descriptor_done) OciDescriptor d = {};
        _cleanup_json_object_ json_object *o = NULL;
        int r;

        r = json_parse_memory(data, n, &o, e);
        return r < 0 ? r : json_oci_descriptor.read(&json_oci_descriptor, o, &d, e);
}

static int index_case(const char *data, size_t n, JsonError *e)
{
        _cleanup_(oci_index_freep) OciIndex *x = NULL;

        return oci_index_parse(data, n, &x, e);
}

static int manifest_case(const char *data, size_t n, JsonError *e)
{
        _cleanup_(oci_manifest_freep) OciManifest *x = NULL;

        return oci_manifest_parse(data, n, &x, e);
}

static int config_case(const char *data, size_t n, JsonError *e)
{
        _cleanup_(oci_config_freep) OciConfig *x = NULL;
        _cleanup_(app_freep) App *app = NULL;
        int r;

        r = oci_config_parse(data, n, &x, e);
        return r < 0 ? r : oci_config_to_app(x, &app);
}

static int archive_case(const char *data, size_t n, JsonError *e)
{
        _cleanup_(docker_archive_freep) DockerArchive *x = NULL;

        return docker_archive_parse(data, n, &x, e);
}

static const CaseArea areas[] = {
        { "oci-descriptor", descriptor_case }, { "oci-index", index_case },      { "oci-manifest", manifest_case },
        { "oci-config", config_case },         { "docker-config", config_case }, { "oci-layout", oci_layout_parse },
};
CASE_TESTS(oci_image, areas)

Test(oci_image, survives_damage, .timeout = 120)
{
        run_damaged("oci-index/platforms.json", index_case);
        run_damaged("oci-manifest/full.json", manifest_case);
        run_damaged("oci-config/full.json", config_case);
}

Test(oci_image, ref_names)
{
        static const char *const good[] = { "a", "latest", "1.0", "docker.io/library/a:1", "a--b", "A_b@c+d" },
                                *const bad[] = { "", " ", "a b", "-a", "a-", "a..b", "a---b", "/a", "a//b", "a:",
                                        "\xc3\xa4" };

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                cr_expect(oci_ref_name_is_valid(good[i]), "%s", good[i]);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                cr_expect(!oci_ref_name_is_valid(bad[i]), "%s", bad[i]);
}

Test(oci_image, media_types)
{
        static const struct {
                const char *name;
                OciMediaKind kind;
                OciCompression compression;
        } cases[] = {
                { OCI_MEDIA_TYPE_INDEX, OCI_MEDIA_INDEX },
                { OCI_MEDIA_TYPE_MANIFEST, OCI_MEDIA_MANIFEST },
                { OCI_MEDIA_TYPE_CONFIG, OCI_MEDIA_CONFIG },
                { OCI_MEDIA_TYPE_LAYER, OCI_MEDIA_LAYER },
                { OCI_MEDIA_TYPE_LAYER "+gzip", OCI_MEDIA_LAYER, OCI_COMPRESSION_GZIP },
                { OCI_MEDIA_TYPE_LAYER "+zstd", OCI_MEDIA_LAYER, OCI_COMPRESSION_ZSTD },
                { DOCKER_MEDIA_TYPE_LIST, OCI_MEDIA_INDEX },
                { DOCKER_MEDIA_TYPE_MANIFEST "; charset=utf-8", OCI_MEDIA_MANIFEST },
                { "application/vnd.docker.distribution.manifest.v1+prettyjws", OCI_MEDIA_SCHEMA1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const OciMediaType *t = oci_media_type_find(cases[i].name);

                cr_assert(t, "%s", cases[i].name);
                cr_expect_eq(t->kind, cases[i].kind, "%s", cases[i].name);
                cr_expect_eq(t->compression, cases[i].compression, "%s", cases[i].name);
        }
        cr_expect_null(oci_media_type_find("application/json"));
        cr_expect_null(oci_media_type_find(NULL));
        cr_expect_null(oci_media_type_find(OCI_MEDIA_TYPE_LAYER "+lzma"));
        cr_expect_eq(oci_media_type_kind(NULL), OCI_MEDIA_OTHER);
}

static OciIndex *read_index(void)
{
        _cleanup_json_error_ JsonError e = {};
        OciIndex *index = NULL;
        size_t n;
        _cleanup_free_ char *data = read_data("oci-index/platforms.json", &n);
        int r = oci_index_parse(data, n, &index, &e);

        cr_assert_eq(r, 0, "%s", json_error_message(&e, r));
        return index;
}

/* "linux/arm/v7" */
static OciPlatform *platform(const char *text)
{
        OciPlatform *p = new0(OciPlatform, 1);
        _cleanup_strv_free_ char **parts = NULL;

        cr_assert_eq(strv_split(text, '/', &parts), 0);
        p->os = strdup(parts[0]);
        p->architecture = strdup(parts[1]);
        p->variant = parts[2] ? strdup(parts[2]) : NULL;
        return p;
}

Test(oci_image, select_platform)
{
        static const struct {
                const char *platform;
                char digest; /* its first character; 0: none fits, so that without platform is taken */
        } cases[] = {
                { "linux/amd64", '1' },    { "linux/amd64/v2", '1' }, { "linux/amd64/v3", '4' },
                { "linux/amd64/v4", '4' }, { "linux/arm", '3' },      { "linux/arm/v6", '2' },
                { "linux/arm/v8", '3' },   { "linux/arm/v5", '0' },   { "linux/arm64", '5' },
                { "linux/arm64/v8", '5' }, { "linux/s390x", '0' },    { "linux/riscv64", '0' },
                { "windows/amd64", '0' },
        };
        _cleanup_(oci_index_freep) OciIndex *index = read_index();
        const OciDescriptor *d;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(oci_platform_freep) OciPlatform *p = NULL;
                _cleanup_free_ char *text = NULL;

                p = platform(cases[i].platform);
                cr_assert_eq(oci_platform_format(p, &text), 0);
                cr_expect_str_eq(text, cases[i].platform);
                cr_assert_eq(oci_index_select(index, p, &d), 0);
                cr_expect_eq(d->digest.hex[0], cases[i].digest, "%s: %c", cases[i].platform, d->digest.hex[0]);
        }
}

Test(oci_image, parse_platform)
{
        static const struct {
                const char *text, *platform;    /* NULL: it is none */
        } cases[] = {
                { "linux/amd64",    "linux/amd64"    }, { "linux/arm/v6",    "linux/arm/v6"   },
                { "linux/aarch64",  "linux/arm64"    }, { "linux/x86_64",    "linux/amd64"    },
                { "linux/armv7l",   "linux/arm/v7"   }, { "linux/armv7l/v6", "linux/arm/v6"   },
                { "linux/i686",     "linux/386"      }, { "linux/arm64/v8",  "linux/arm64/v8" },
                { "linux/new",      "linux/new"      }, { "linux/x86_65",    NULL             },
                { "linux",          NULL             }, { "linux/",          NULL             },
                { "linux/amd64/",   NULL             }, { "linux/AMD64",     NULL             },
                { "linux/a/b/c",    NULL             }, { "linux/a,linux/b", NULL             },
                { "li_nux/amd64",   NULL             }, { "linux/arm/v_7",   NULL             },
                { "_/amd64",        NULL             }, { "linux/x86_64/_",  NULL             },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(oci_platform_freep) OciPlatform *p = NULL;
                _cleanup_free_ char *text = NULL;

                cr_expect_eq(oci_platform_parse(cases[i].text, &p), cases[i].platform ? 0 : -EINVAL, "%s",
                             cases[i].text);
                if (!p || !cases[i].platform)
                        continue;
                cr_assert_eq(oci_platform_format(p, &text), 0);
                cr_expect_str_eq(text, cases[i].platform);
        }
}

Test(oci_image, select_none)
{
        _cleanup_(oci_index_freep) OciIndex *index = read_index();
        _cleanup_(oci_platform_freep) OciPlatform *p = NULL;
        _cleanup_free_ char *text = NULL;
        const OciDescriptor *d;

        /* Without the entry that has no platform. */
        free(index->manifests[1].media_type);
        index->manifests[1].media_type = strdup("text/plain");
        p = platform("linux/mips64le");
        cr_expect_eq(oci_index_select(index, p, &d), -ENOENT);
        cr_assert_eq(oci_index_platforms(index, &text), 0);
        cr_expect(startswith(text, "linux/amd64, linux/arm/v6, linux/arm/v7, "), "%s", text);
}

Test(oci_image, host_platform)
{
        _cleanup_(oci_platform_freep) OciPlatform *host = NULL;

        cr_assert_eq(oci_platform_host(&host), 0);
        cr_expect_str_eq(host->os, "linux");
        cr_expect_eq(oci_platform_match(host, host) > 0, true);
}

Test(oci_image, manifest)
{
        _cleanup_(oci_manifest_freep) OciManifest *manifest = NULL;
        _cleanup_json_object_ json_object *o = NULL, *original = NULL;
        _cleanup_json_error_ JsonError e = {};
        size_t n;
        _cleanup_free_ char *data = read_data("oci-manifest/full.json", &n);
        int r;

        r = oci_manifest_parse(data, n, &manifest, &e);
        cr_assert_eq(r, 0, "%s", json_error_message(&e, r));
        cr_expect_eq(manifest->n_layers, 2);
        cr_expect_eq(manifest->layers[0].size, 50000);
        cr_expect(startswith(manifest->layers[0].digest.hex, "ca978112"));
        cr_expect(oci_media_type_find(manifest->layers[1].media_type)->nondistributable);
        cr_expect_str_eq(manifest->layers[1].urls[0], "https://example.com/layer");
        cr_expect_eq(oci_manifest_check_image(manifest, &e), 0);

        cr_assert_eq(json_parse_memory(data, n, &original, NULL), 0);
        cr_expect_eq(oci_document_kind(original), OCI_MEDIA_MANIFEST);
        cr_assert_eq(oci_manifest_write(manifest, &o), 0);
        cr_expect(json_object_equal(o, original), "%s", json_object_to_json_string(o));
}

#define DIGEST_A "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define CONFIG "'config':{'mediaType':'application/vnd.oci.image.config.v1+json','digest':'" DIGEST_A "','size':1}"
#define LAYER(type, digest, size) "{'mediaType':'" type "','digest':'" digest "','size':" size "}"
#define GOOD_LAYER LAYER(OCI_MEDIA_TYPE_LAYER, DIGEST_A, "1")

typedef struct BadCase {
        CaseParser parse;
        int r;
        const char *json;
        const char *message;
} BadCase;

static void run_bad_cases(const BadCase *cases, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *json = quoted(cases[i].json);
                _cleanup_json_error_ JsonError e = {};

                cr_expect_eq(cases[i].parse(json, strlen(json), &e), cases[i].r, "%s", json);
                cr_assert(e.message, "%s", json);
                cr_expect_str_eq(e.message, cases[i].message);
        }
}

Test(oci_image, bad_manifests)
{
        static const BadCase cases[] = {
                { manifest_case, -EINVAL, "[]", "expected an object" },
                { manifest_case, -EINVAL, "{}", "missing member 'schemaVersion'" },
                { manifest_case, -EOPNOTSUPP, "{'schemaVersion':1}",
                  "schemaVersion: version 1 is not supported, only 2" },
                { manifest_case, -EINVAL, "{'schemaVersion':'2'}", "schemaVersion: expected an integer" },
                { manifest_case, -EINVAL, "{'schemaVersion':2}", "missing member 'config'" },
                { manifest_case, -EINVAL, "{'schemaVersion':2," CONFIG "}", "missing member 'layers'" },
                { manifest_case, -EINVAL, "{'schemaVersion':2," CONFIG ",'layers':[]}", "layers: must not be empty" },
                { manifest_case, -EOPNOTSUPP, "{'schemaVersion':2,'mediaType':'" OCI_MEDIA_TYPE_INDEX "'}",
                  "mediaType: '" OCI_MEDIA_TYPE_INDEX "' is not what was expected here" },
                { manifest_case, -EINVAL, "{'schemaVersion':2," CONFIG ",'layers':[" GOOD_LAYER "],'manifests':[]}",
                  "manifests: does not belong here: manifest and index in one" },
                { manifest_case, -EINVAL, "{'schemaVersion':2," CONFIG ",'layers':[{}]}",
                  "layers[0]: missing member 'mediaType'" },
                { manifest_case, -EINVAL, "{'schemaVersion':2," CONFIG ",'layers':[" GOOD_LAYER ","
                  LAYER("a/b", "sha256:00", "1") "]}", "layers[1].digest: 'sha256:00' is not a digest" },
                { manifest_case, -EINVAL, "{'schemaVersion':2," CONFIG ",'layers':["
                  LAYER("a/b", DIGEST_A, "9223372036854775808") "]}", "layers[0].size: number out of range" },
                { manifest_case, -EINVAL, "{'schemaVersion':2," CONFIG ",'layers':["
                  LAYER("a/b", "sha256-0123", "1") "]}", "layers[0].digest: 'sha256-0123' is not a digest" },
                { descriptor_case, -EINVAL, "{'mediaType':'a/b','digest':'" DIGEST_A "','size':1,'data':'a b='}",
                  "data: not base64" },
                { index_case, -EINVAL, "{'schemaVersion':2}", "missing member 'manifests'" },
                { index_case, -EINVAL, "{'schemaVersion':2,'manifests':[],'layers':[]}",
                  "layers: does not belong here: manifest and index in one" },
                { oci_layout_parse, -EINVAL, "{}", "missing member 'imageLayoutVersion'" },
                { oci_layout_parse, -EINVAL, "{'imageLayoutVersion':'1'}",
                  "imageLayoutVersion: '1' is not a version" },
                { oci_layout_parse, -EOPNOTSUPP, "{'imageLayoutVersion':'2.0.0'}",
                  "imageLayoutVersion: version 2.0.0 is not supported, only 1" },
                { archive_case, -EINVAL, "{}", "expected an array" },
                { archive_case, -EINVAL, "[{}]", "[0]: missing member 'Config'" },
                { archive_case, -EINVAL, "[{'Config':'../x'}]", "[0].Config: '../x' is outside of the archive" },
                { archive_case, -EINVAL, "[{'Config':'c','Layers':['a','/b']}]",
                  "[0].Layers: '/b' is outside of the archive" },
        };

        run_bad_cases(cases, ELEMENTSOF(cases));
}

Test(oci_image, not_an_image)
{
        static const char *const cases[][2] = {
                { "{'schemaVersion':2," CONFIG ",'layers':[" LAYER("application/vnd.example", DIGEST_A, "1") "]}",
                  "layers[0].mediaType: 'application/vnd.example' is not the type of a layer" },
                { "{'schemaVersion':2," CONFIG ",'layers':[" LAYER(OCI_MEDIA_TYPE_LAYER, "blake3:00", "1") "]}",
                  "layers[0].digest: the algorithm of 'blake3:00' is not supported" },
                { "{'schemaVersion':2,'config':" GOOD_LAYER ",'layers':[" GOOD_LAYER "]}",
                  "config.mediaType: '" OCI_MEDIA_TYPE_LAYER "' is not the type of a configuration" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(oci_manifest_freep) OciManifest *manifest = NULL;
                _cleanup_free_ char *json = quoted(cases[i][0]);
                _cleanup_json_error_ JsonError e = {};

                cr_assert_eq(oci_manifest_parse(json, strlen(json), &manifest, &e), 0, "%s", e.message);
                cr_expect_eq(oci_manifest_check_image(manifest, &e), -EOPNOTSUPP);
                cr_assert(e.message);
                cr_expect_str_eq(e.message, cases[i][1]);
        }
}

Test(oci_image, document_kinds)
{
        static const struct {
                const char *json;
                OciMediaKind kind;
        } cases[] = {
                { "{'manifests':[]}", OCI_MEDIA_INDEX },
                { "{'layers':[]}", OCI_MEDIA_MANIFEST },
                { "{'fsLayers':[]}", OCI_MEDIA_SCHEMA1 },
                { "{'rootfs':{}}", OCI_MEDIA_CONFIG },
                { "{'mediaType':'" DOCKER_MEDIA_TYPE_LIST "','layers':[]}", OCI_MEDIA_INDEX },
                { "{'mediaType':'text/plain','layers':[]}", OCI_MEDIA_OTHER },
                { "{}", OCI_MEDIA_OTHER },
                { "[]", OCI_MEDIA_OTHER },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_json_object_ json_object *o = NULL;
                _cleanup_free_ char *json = quoted(cases[i].json);

                cr_assert_eq(json_parse_memory(json, strlen(json), &o, NULL), 0);
                cr_expect_eq(oci_document_kind(o), cases[i].kind, "%s", json);
        }
}

Test(oci_image, archive)
{
        _cleanup_free_ char *json =
                quoted("[{'Config':'abc.json','RepoTags':['busybox:latest'],"
                       "'Layers':['1/layer.tar','2/layer.tar']},{'Config':'d.json','RepoTags':null,'Layers':null}]");
        _cleanup_(docker_archive_freep) DockerArchive *archive = NULL;

        cr_assert_eq(docker_archive_parse(json, strlen(json), &archive, NULL), 0);
        cr_expect_eq(archive->n_images, 2);
        cr_expect_str_eq(archive->images[0].repo_tags[0], "busybox:latest");
        cr_expect_eq(strv_length(archive->images[0].layers), 2);
}

static OciConfig *read_config(void)
{
        _cleanup_json_error_ JsonError e = {};
        OciConfig *config = NULL;
        size_t n;
        _cleanup_free_ char *data = read_data("oci-config/full.json", &n);
        int r = oci_config_parse(data, n, &config, &e);

        cr_assert_eq(r, 0, "%s", json_error_message(&e, r));
        return config;
}

Test(oci_config, round_trip)
{
        _cleanup_(oci_config_freep) OciConfig *config = read_config();
        _cleanup_json_object_ json_object *o = NULL, *original = NULL;
        size_t n;
        _cleanup_free_ char *data = read_data("oci-config/full.json", &n);

        cr_assert_eq(json_parse_memory(data, n, &original, NULL), 0);
        cr_assert_eq(oci_config_write(config, &o), 0);
        cr_expect(json_object_equal(o, original), "%s", json_object_to_json_string(o));
}

Test(oci_config, becomes_an_app)
{
        _cleanup_(oci_config_freep) OciConfig *config = read_config();
        _cleanup_(app_freep) App *app = NULL, *again = NULL;
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_strv_free_ char **ignored = NULL;
        _cleanup_json_error_ JsonError e = {};
        int r;

        cr_assert_eq(oci_config_to_app(config, &app), 0);
        cr_expect_eq(strv_length(app->exec), 4);
        cr_expect_str_eq(app->exec[0], "/usr/bin/worker");
        cr_expect_str_eq(app->exec[3], "/etc/worker.conf");
        cr_expect_str_eq(app->user, "worker");
        cr_expect_str_eq(app->group, "0");
        cr_expect(app->group_from_user);
        cr_expect_str_eq(app->working_directory, "/srv/worker");
        cr_expect_str_eq(strv_env_get(app->environment, "FOO"), "again");
        cr_expect_str_eq(strv_env_get(app->environment, "BAR"), "a=b");
        cr_expect_str_eq(strv_env_get(app->environment, "PATH"), OCI_DEFAULT_PATH);
        cr_expect(strv_env_get(app->environment, "9LIVES"));
        cr_expect_str_eq(app->stop_signal, "SIGKILL");
        cr_expect_str_eq(strv_env_get(app->user_labels, "note"), "x=y");
        cr_expect_eq(app->stop_timeout, 25);
        cr_assert(app->checks[HEALTH_LIVENESS]);
        cr_expect_str_eq(app->checks[HEALTH_LIVENESS]->test[1], "true");

        cr_expect_eq(app->n_mount_points, 3);
        cr_expect_str_eq(app_find_mount_point(app, "volume-var-spool-in")->path, "/var/spool_in");
        cr_expect_str_eq(app_find_mount_point(app, "volume-var-spool-in-2")->path, "/var/Spool-In");
        cr_expect_str_eq(app_find_mount_point(app, "volume-relative")->path, "/relative");

        cr_expect_eq(app->n_ports, 4);
        cr_expect_eq(app_find_port(app, "8080-tcp")->port, 8080);
        cr_expect_str_eq(app_find_port(app, "53-udp")->protocol, "udp");
        cr_expect_eq(app_find_port(app, "443-tcp")->count, 1);
        cr_expect_eq(app_find_port(app, "8000-8010-tcp")->count, 11);

        cr_assert_eq(oci_config_ignored(config, &ignored), 0);
        cr_expect_eq(strv_length(ignored), 0);

        /* It is a valid app for a pod manifest. */
        cr_assert_eq(app_write(app, &o), 0);
        r = json_document_read(&json_app, o, (void **) &again, &e);
        cr_expect_eq(r, 0, "%s", json_error_message(&e, r));
}

#define OCI_CONFIG(members)                                                                                    \
        "{'architecture':'amd64','os':'linux','rootfs':{'type':'layers','diff_ids':[]}," members "}"

Test(oci_config, users)
{
        static const struct {
                const char *json;
                const char *user, *group;
                bool from_user;
        } cases[] = {
                { OCI_CONFIG("'config':{}"), "0", "0", false },
                { OCI_CONFIG("'config':null"), "0", "0", false },
                { OCI_CONFIG("'config':{'User':''}"), "0", "0", false },
                { OCI_CONFIG("'config':{'User':'1000'}"), "1000", "0", true },
                { OCI_CONFIG("'config':{'User':'a:b'}"), "a", "b", false },
                { OCI_CONFIG("'config':{'User':':b'}"), "0", "b", false },
                { OCI_CONFIG("'config':{'User':'a:'}"), "a", "0", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(oci_config_freep) OciConfig *config = NULL;
                _cleanup_free_ char *json = quoted(cases[i].json);
                _cleanup_(app_freep) App *app = NULL;

                cr_assert_eq(oci_config_parse(json, strlen(json), &config, NULL), 0, "%s", json);
                cr_assert_eq(oci_config_to_app(config, &app), 0);
                cr_expect_str_eq(app->user, cases[i].user, "%s", json);
                cr_expect_str_eq(app->group, cases[i].group, "%s", json);
                cr_expect_eq(app->group_from_user, cases[i].from_user, "%s", json);
        }
}

Test(oci_config, no_entrypoint)
{
        _cleanup_free_ char *json = quoted(OCI_CONFIG("'config':{'Entrypoint':[''],'Cmd':['/bin/sh']}"));
        _cleanup_(oci_config_freep) OciConfig *config = NULL;
        _cleanup_(app_freep) App *app = NULL;

        cr_assert_eq(oci_config_parse(json, strlen(json), &config, NULL), 0);
        cr_assert_eq(oci_config_to_app(config, &app), 0);
        cr_expect_str_eq(app->exec[0], "/bin/sh");
}

/* What Docker and podman take, or ignore themselves: an image is not refused for it, and who fetches it is told. */
Test(oci_config, oddities)
{
        static const struct {
                const char *members;    /* of config */
                const char *ignored;
                const char *ports;
                const char *health;
        } cases[] = {
                { "'ExposedPorts':{'':{}}", "ExposedPorts: '' is not a port like \"80/tcp\"", "", NULL },
                { "'ExposedPorts':{'0/tcp':{},'80/tcp':{}}", "ExposedPorts: '0/tcp' is", "80-tcp", NULL },
                { "'ExposedPorts':{'70000/tcp':{}}", "ExposedPorts: '70000/tcp' is", "", NULL },
                { "'ExposedPorts':{'90-80/tcp':{},'8000-8001/udp':null}", "ExposedPorts: '90-80/tcp' is",
                  "8000-8001-udp", NULL },
                { "'ExposedPorts':{'${PORT}/tcp':{}}", "ExposedPorts: '${PORT}/tcp' is", "", NULL },
                { "'ExposedPorts':{'http':{}}", "ExposedPorts: 'http' is", "", NULL },
                { "'ExposedPorts':{'65535-65536/tcp':{}}", "ExposedPorts: '65535-65536/tcp' is", "", NULL },
                { "'ExposedPorts':{'80/':{}}", "ExposedPorts: '80/' is", "", NULL },
                { "'Healthcheck':{'Test':['/bin/true']}",
                  "Healthcheck.Test: expected \"NONE\", \"CMD\", \"CMD-SHELL\", \"TCP\", \"HTTP\", "
                  "\"HTTPS\" or \"GRPC\", not '/bin/true'",
                  "", NULL },
                { "'Healthcheck':{'Test':['CMD-SHELL']}", "Healthcheck.Test: \"CMD-SHELL\" needs exactly one text", "",
                  NULL },
                { "'Healthcheck':{'Test':['CMD','/x'],'Interval':1}",
                  "Healthcheck.Interval: must be 0 or at least 1000000 nanoseconds, not 1", "", "/x" },
                { "'Healthcheck':{'Test':['CMD','/x'],'Retries':-3}", "Healthcheck.Retries: must be 0 or more, not -3",
                  "", "/x" },
                { "'Healthcheck':{'Test':['CMD','/x'],'Retries':2,'Interval':0}", NULL, "", "/x" },
                { "'Labels':{'a':null,'b':'c'}", NULL, "", NULL },
                { "'Labels':null,'Healthcheck':null,'ExposedPorts':null", NULL, "", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *json = NULL;
                _cleanup_(oci_config_freep) OciConfig *config = NULL;
                _cleanup_strv_free_ char **ignored = NULL;
                _cleanup_json_error_ JsonError e = {};
                _cleanup_(app_freep) App *app = NULL;
                _cleanup_free_ char *text = NULL;
                int r;

                text = strprintf(OCI_CONFIG("'config':{%s}"), cases[i].members);
                json = quoted(text);
                r = oci_config_parse(json, strlen(json), &config, &e);
                cr_assert_eq(r, 0, "%s: %s", json, json_error_message(&e, r));
                cr_assert_eq(oci_config_ignored(config, &ignored), 0);
                cr_expect_eq(strv_length(ignored), cases[i].ignored != NULL, "%s", json);
                if (cases[i].ignored && ignored)
                        cr_expect(startswith(ignored[0], cases[i].ignored), "%s: %s", json, ignored[0]);

                cr_assert_eq(oci_config_to_app(config, &app), 0);
                cr_expect_eq(app->n_ports, *cases[i].ports != 0, "%s", json);
                cr_expect(!*cases[i].ports || app_find_port(app, cases[i].ports), "%s", json);
                cr_expect_eq(app->checks[HEALTH_LIVENESS] != NULL, cases[i].health != NULL, "%s", json);
                if (!cases[i].health || !app->checks[HEALTH_LIVENESS])
                        continue;
                cr_expect_str_eq(app->checks[HEALTH_LIVENESS]->test[1], cases[i].health);
                cr_expect_geq(app->checks[HEALTH_LIVENESS]->retries, 0);
                cr_expect_eq(app->checks[HEALTH_LIVENESS]->interval, 0);
        }
}

Test(oci_config, bad)
{
        static const BadCase cases[] = {
                { config_case, -EINVAL, "{'os':'linux'}", "missing member 'architecture'" },
                { config_case, -EINVAL, "{'architecture':'a','os':'b'}", "missing member 'rootfs'" },
                { config_case, -EINVAL, "{'architecture':'a','os':'b','rootfs':{'diff_ids':[]}}",
                  "rootfs: missing member 'type'" },
                { config_case, -EINVAL, "{'architecture':'a','os':'b','rootfs':{'type':'tar','diff_ids':[]}}",
                  "rootfs.type: expected \"layers\", not 'tar'" },
                { config_case, -EINVAL, "{'architecture':'a','os':'b','rootfs':{'type':'layers','diff_ids':['x']}}",
                  "rootfs.diff_ids[0]: 'x' is not a digest" },
                { config_case, -EINVAL, OCI_CONFIG("'created':'today'"), "created: 'today' is not an RFC 3339 date" },
                { config_case, -EINVAL, OCI_CONFIG("'history':[{'created':'today'}]"),
                  "history[0].created: 'today' is not an RFC 3339 date" },
                { config_case, -EINVAL, OCI_CONFIG("'config':{'Env':['A=','=b']}"),
                  "config.Env: '=b' is not NAME=VALUE" },
                { config_case, -EINVAL, OCI_CONFIG("'config':{'Cmd':'sh'}"), "config.Cmd: expected an array" },
        };

        run_bad_cases(cases, ELEMENTSOF(cases));
}
