/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manifest/appc-strings.h"
#include "lib/test-cases.h"

/* Cases are strings in JSON. */
#define DEFINE_STRING_CASE(name, Type, parse, done)                                                            \
        static int name(const char *data, size_t n, JsonError *e)                                              \
        {                                                                                                      \
                _cleanup_json_object_ json_object *o = NULL;                                                   \
                _cleanup_(done) Type x = {};                                                                   \
                int r;                                                                                         \
                                                                                                               \
                r = json_parse_memory(data, n, &o, e);                                                         \
                return r < 0 ? r : parse(json_object_get_string(o), &x, e);                                    \
        }

DEFINE_STRING_CASE(volume_case, Volume, volume_from_string, volume_done)
DEFINE_STRING_CASE(discovery_case, AppcImageRef, appc_image_ref_from_string, appc_image_ref_done)

static const CaseArea areas[] = {
        { "appc-volume-string", volume_case },
        { "appc-discovery-string", discovery_case },
};
CASE_TESTS(appc_strings, areas)

Test(appc_strings, port_table)
{
        _cleanup_json_object_ json_object *table = open_table("rkt-port-flag");

        for (size_t i = 0; i < json_object_array_length(table); i++) {
                json_object *row = json_object_array_get_idx(table, i), *c = json_object_object_get(row, "case");
                bool refused = json_object_get_boolean(json_object_object_get(c, "err"));
                json_object *expected = json_object_object_get(c, "ex");
                _cleanup_(pod_port_done) PodPort port = {};

                cr_expect_eq(pod_port_from_string(row_string(row, "in"), &port, NULL), refused ? -EINVAL : 0);
                if (refused)
                        continue;
                cr_expect_str_eq(port.name, json_object_get_string(json_object_object_get(expected, "name")));
                cr_expect_eq(port.host_port, json_object_get_int(json_object_object_get(expected, "hostPort")));
        }
}

/* rkt's own forms of image names: what is a label, what the version. */
Test(appc_strings, image_name_table)
{
        _cleanup_json_object_ json_object *table = open_table("rkt-appc-dist");

        for (size_t i = 0; i < json_object_array_length(table); i++) {
                const char *in = row_string(json_object_array_get_idx(table, i), "appcRef");
                _cleanup_(appc_image_ref_done) AppcImageRef ref = {};

                if (!in)
                        continue;
                cr_assert_eq(appc_image_ref_from_string(in, &ref, NULL), 0, "%s", in);
                cr_expect(startswith(in, ref.name), "%s", in);
                STRV_FOREACH(label, ref.labels)
                        cr_expect(strstr(in, startswith(*label, "version=") ?: *label), "%s: %s", in, *label);
        }
}

Test(appc_strings, image_names)
{
        _cleanup_(appc_image_ref_done) AppcImageRef ref = {};

        cr_assert_eq(appc_image_ref_from_string("example.com/app:v1.0,os=linux,arch=amd64", &ref, NULL), 0);
        cr_expect_str_eq(ref.name, "example.com/app");
        cr_expect_str_eq(strv_env_get(ref.labels, "version"), "v1.0");
        cr_expect_str_eq(strv_env_get(ref.labels, "arch"), "amd64");
        cr_expect_str_eq(strv_env_get(ref.labels, "os"), "linux");
}

Test(appc_strings, volume_values)
{
        _cleanup_(volume_done) Volume host = {}, tmpfs = {}, empty = {}, named = {}, other = {}, made = {},
                                             image = {};

        cr_assert_eq(volume_from_string("a,kind=host,source=/a=b,readOnly=true,recursive=false,propagation=slave,"
                                        "idMap=false", &host, NULL), 0);
        cr_expect_eq(host.kind, VOLUME_HOST);
        cr_expect_str_eq(host.name, "a");
        cr_expect_str_eq(host.source, "/a=b");
        cr_expect_eq(host.read_only, TRISTATE_YES);
        cr_expect_eq(host.recursive, TRISTATE_NO);
        cr_expect_eq(host.propagation, PROPAGATION_SLAVE);
        cr_expect_eq(host.map_ids, TRISTATE_NO);

        cr_assert_eq(volume_from_string("b,kind=tmpfs,readOnly=false,mode=1777,uid=4294967295,gid=7,size=1M", &tmpfs,
                                        NULL), 0);
        cr_expect_eq(tmpfs.kind, VOLUME_TMPFS);
        cr_expect_eq(tmpfs.read_only, TRISTATE_NO);
        cr_expect_eq(tmpfs.mode, 01777);
        cr_expect_eq(tmpfs.uid, UINT32_MAX);
        cr_expect_eq(tmpfs.gid, 7);
        cr_expect_eq(tmpfs.size, 1048576);

        cr_assert_eq(volume_from_string("c,kind=empty,fromImage=true", &empty, NULL), 0);
        cr_assert_eq(volume_from_string("d,kind=named", &named, NULL), 0);
        cr_expect_eq(named.kind, VOLUME_NAMED);
        cr_expect_str_eq(volume_stored_name(&named), "d");
        cr_assert_eq(volume_from_string("e,kind=named,volume=d-2,readOnly=true", &other, NULL), 0);
        cr_expect_str_eq(volume_stored_name(&other), "d-2");
        cr_expect_eq(other.read_only, TRISTATE_YES);
        cr_assert_eq(volume_from_string("f,kind=host,source=/f,create=true", &made, NULL), 0);
        cr_expect(made.create && !made.create_file);
        cr_expect_not(host.create);
        cr_expect(empty.from_image);
        cr_assert_eq(volume_from_string("g,kind=image,image=docker://x.org/i:1@sha256:0", &image, NULL), 0);
        cr_expect_eq(image.kind, VOLUME_IMAGE);
        cr_expect_str_eq(image.image, "docker://x.org/i:1@sha256:0");
        cr_expect_null(image.image_id);
}

Test(appc_strings, volume_defaults)
{
        _cleanup_(volume_done) Volume v = {};

        cr_assert_eq(volume_from_string("v,kind=empty", &v, NULL), 0);
        cr_expect_eq(v.mode, 0755);
        cr_expect_eq(v.uid, 0);
        cr_expect_eq(v.read_only, TRISTATE_UNSET);
        cr_expect(tristate_or(v.recursive, true));
}

Test(appc_strings, mounts)
{
        _cleanup_(mount_done) Mount m = {};

        cr_assert_eq(mount_from_string("volume=v,target=dir/../x", &m, NULL), 0);
        cr_expect_str_eq(m.path, "/dir/../x");
        mount_done(&m);
        m = (Mount) {};
        cr_assert_eq(mount_from_string("volume=v,target=/a b", &m, NULL), 0);
        cr_expect_str_eq(m.volume, "v");
        cr_expect_str_eq(m.path, "/a b");
}

static int read_app_volume(const char *s, JsonError *e)
{
        _cleanup_(mount_done) Mount x = {};

        return app_volume_from_string(s, &x, e);
}

Test(appc_strings, app_volumes)
{
        _cleanup_(mount_done) Mount m = {};

        cr_assert_eq(app_volume_from_string("kind=host,name=v,source=/a,target=/b,readOnly=true", &m, NULL), 0);
        cr_expect_str_eq(m.volume, "v");
        cr_expect_str_eq(m.path, "/b");
        cr_assert_not_null(m.app_volume);
        cr_expect_str_eq(m.app_volume->name, "v");
        cr_expect_str_eq(m.app_volume->source, "/a");
        cr_expect_eq(m.app_volume->read_only, TRISTATE_YES);
}

Test(appc_strings, ports)
{
        static const struct {
                const char *text;
                const char *ip;
                uint32_t port;
        } cases[] = {
                { "http:8080", NULL, 8080 },
                { "http:127.0.0.1:8080", "127.0.0.1", 8080 },
                { "http:[::1]:8080", "::1", 8080 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(pod_port_done) PodPort p = {};

                cr_assert_eq(pod_port_from_string(cases[i].text, &p, NULL), 0, "%s", cases[i].text);
                cr_expect_str_eq(p.name, "http");
                cr_expect(streq_ptr(p.host_ip, cases[i].ip), "%s", cases[i].text);
                cr_expect_eq(p.host_port, cases[i].port);
        }
}

static int read_volume(const char *s, JsonError *e)
{
        _cleanup_(volume_done) Volume x = {};

        return volume_from_string(s, &x, e);
}

static int read_mount(const char *s, JsonError *e)
{
        _cleanup_(mount_done) Mount x = {};

        return mount_from_string(s, &x, e);
}

static int read_port(const char *s, JsonError *e)
{
        _cleanup_(pod_port_done) PodPort x = {};

        return pod_port_from_string(s, &x, e);
}

static int read_ref(const char *s, JsonError *e)
{
        _cleanup_(appc_image_ref_done) AppcImageRef x = {};

        return appc_image_ref_from_string(s, &x, e);
}

Test(appc_strings, say_what_is_wrong)
{
        static const struct {
                int (*read)(const char *, JsonError *);
                const char *text;
                const char *message;
        } cases[] = {
                { read_volume, "", "name: '' is not a valid name (lower-case letters, digits, '-')" },
                { read_volume, "v", "missing member 'kind'" },
                { read_app_volume, "kind=empty,target=/a", "missing key 'name'" },
                { read_app_volume, "name=v,kind=empty", "missing key 'target'" },
                { read_app_volume, "name=v,name=w,kind=empty,target=/a", "unknown key 'name'" },
                { read_app_volume, "name=v,target=/a", "missing member 'kind'" },
                { read_volume, "v,", "expected KEY=VALUE, not ''" },
                { read_volume, "v,,kind=empty", "expected KEY=VALUE, not ''" },
                { read_volume, "v,kind", "expected KEY=VALUE, not 'kind'" },
                { read_volume, "v,kind=empty,kind=host", "kind: given twice" },
                { read_volume, "v,kind=empty,colour=1", "unknown key 'colour'" },
                { read_volume, "v,kind=host,source=/a,size=1", "size: only empty and tmpfs volumes have this" },
                { read_volume, "v,kind=empty,fromImage=yes,size=1M",
                  "size: a volume with what the image has is not limited; leave out fromImage" },
                { read_volume, "v,kind=named,size=10G",
                  "size: named volumes have their limit from 'podctl volume create --size=SIZE', see podctl-files(5)" },
                { read_volume, "v,kind=empty,volume=w", "volume: only named volumes have this" },
                { read_volume, "v,kind=named,volume=../w",
                  "volume: '../w' is not a valid name (lower-case letters, digits, '-')" },
                { read_volume, "v,kind=named,volume=W",
                  "volume: 'W' is not a valid name (lower-case letters, digits, '-')" },
                { read_volume, "v,kind=named,source=/a", "source: only host volumes have this" },
                { read_volume, "v,kind=named,mode=0700", "mode: only empty and tmpfs volumes have this" },
                { read_volume, "v,kind=named,fromImage=yes", "fromImage: only empty volumes have this" },
                { read_volume, "v,kind=named,create=yes", "create: only host volumes have this" },
                { read_volume, "v,kind=empty,create=yes", "create: only host volumes have this" },
                { read_volume, "v,kind=host,source=/a,create=perhaps",
                  "create: expected true or false, not 'perhaps'" },
                { read_volume, "v,kind=tmpfs,size=0", "size: expected a size like 64M, not '0'" },
                { read_volume, "v,kind=tmpfs,size=much", "size: expected a size like 64M, not 'much'" },
                { read_volume, "v,kind=tmpfs,source=/a", "source: only host volumes have this" },
                { read_volume, "v,kind=tmpfs,fromImage=yes", "fromImage: only empty volumes have this" },
                { read_volume, "v,kind=host,source=/a,fromImage=yes", "fromImage: only empty volumes have this" },
                { read_volume, "v,kind=host,source=/a,mode=0755", "mode: only empty and tmpfs volumes have this" },
                { read_volume, "v,kind=empty,propagation=slave", "propagation: only host volumes have this" },
                { read_volume, "v,kind=empty,idMap=no", "idMap: only host volumes have this" },
                { read_volume, "v,kind=host,source=/a,propagation=loud",
                  "propagation: expected \"private\", \"slave\" or \"shared\", not 'loud'" },
                { read_volume, "v,kind=host,source=/a,deviceAccess=r", "unknown key 'deviceAccess'" },
                { read_volume, "v,kind=empty,name=w", "unknown key 'name'" },
                { read_volume, "v,kind=empty,uid=-1", "uid: expected a number, not '-1'" },
                { read_volume, "v,kind=empty,uid=4294967296", "uid: number out of range" },
                { read_volume, "v,kind=empty,readOnly=perhaps", "readOnly: expected true or false, not 'perhaps'" },
                { read_volume, "v,kind=host,source=rel", "source: 'rel' is not an absolute path" },
                { read_mount, "", "expected KEY=VALUE, not ''" },
                { read_mount, "volume=v", "missing key 'target'" },
                { read_mount, "target=/x", "missing member 'volume'" },
                { read_mount, "volume=v,path=/x", "unknown key 'path'" },
                { read_port, "http", "expected NAME:[HOSTIP:]HOSTPORT, not 'http'" },
                { read_port, "http:", "'' is not a port number" },
                { read_port, "http::80", "the address before ':' is empty" },
                { read_port, "http:x", "'x' is not a port number" },
                { read_port, "http:0", "hostPort: must be between 1 and 65535" },
                { read_port, "http:65536", "hostPort: must be between 1 and 65535" },
                { read_port, "http:99999999999999999999", "'99999999999999999999' is not a port number" },
                { read_port, "http:host:80", "hostIP: 'host' is not an IP address" },
                { read_port, "http:::1:80", "an IPv6 address needs brackets around it" },
                { read_port, "http:[]:80", NULL },
                { read_port, "http:]:80", NULL },
                { read_ref, "", "'' is not the name of an image" },
                { read_ref, "a:", "'' is not a version" },
                { read_ref, "a:1:2", "'1:2' is not a version" },
                { read_ref, "a,", "expected LABEL=VALUE, not ''" },
                { read_ref, "a,b=", "expected LABEL=VALUE, not 'b='" },
                { read_ref, "a,b=1,b=2", "label 'b' is there twice" },
                { read_ref, "a,name=x", "labels: a label must not be called 'name'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_json_error_ JsonError e = {};
                int r = cases[i].read(cases[i].text, &e);

                if (!cases[i].message) {
                        /* An empty address is as good as none, anything else is none at all. */
                        cr_expect(r == 0 || e.message, "%s", cases[i].text);
                        continue;
                }
                cr_expect_eq(r, -EINVAL, "%s", cases[i].text);
                cr_assert(e.message, "%s", cases[i].text);
                cr_expect_str_eq(e.message, cases[i].message, "%s: %s", cases[i].text, e.message);
        }
}
