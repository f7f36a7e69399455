/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <nftables/libnftables.h>
#include <sched.h>
#include <sys/mount.h>

#include "basic/fs.h"
#include "basic/strv.h"
#include "network/net-lease.h"
#include "network/net-rules.h"
#include "network/network-attach.h"
#include "network/network.h"
#include "lib/test-cases.h"

/* The table as the kernel has it, in namespaces of the test's own: of the network, and of mounts, in which /run and
 * /etc are empty. */

static void setup(void)
{
        _cleanup_free_ char *message = NULL;

        if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("none", "/run", "tmpfs", 0, NULL) < 0 || mount("none", "/etc", "tmpfs", 0, NULL) < 0)
                cr_skip_test("no namespaces of its own: %s", strerror(errno));
        if (net_engine.run_rules("table inet podctl-test { chain c { fib daddr type local ct status dnat accept; }; }",
                                 &message) < 0)
                cr_skip_test("no nftables: %s", message);
}

TestSuite(network_table, .init = setup, .timeout = 60);

static int compare(const void *a, const void *b)
{
        return strcmp(*(char *const *) a, *(char *const *) b);
}

static char *run_nft(const char *command)
{
        struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
        char *output;

        cr_assert(nft);
        nft_ctx_output_set_flags(nft, NFT_CTX_OUTPUT_NUMERIC_ALL);
        (void) nft_ctx_buffer_output(nft);
        (void) nft_ctx_buffer_error(nft);
        output = nft_run_cmd_from_buffer(nft, command) == 0 ? strdup(nft_ctx_get_output_buffer(nft)) : NULL;
        nft_ctx_free(nft);
        return output;
}

/* Those of a set or map, sorted, with ", " between them; NULL where there is none of the name. Protocols are numbers:
 * 6 is tcp, 17 udp. */
static char *elements(const char *set)
{
        _cleanup_free_ char *as_set = strprintf("list set inet podctl %s", set), *text = run_nft(as_set),
                            *as_map = strprintf("list map inet podctl %s", set);
        _cleanup_strv_free_ char **parts = NULL;
        char *begin, *to;

        if (!text)
                text = run_nft(as_map);
        if (!text)
                return NULL;
        begin = strstr(text, "elements = {");
        if (!begin)
                return strdup("");
        begin += strlen("elements = {");
        begin[strcspn(begin, "}")] = 0;
        /* One blank where there are several, or another line; none around commas. */
        to = begin;
        for (const char *p = begin; *p; p++)
                if (!strchr(" \t\n", *p))
                        *to++ = *p;
                else if (to > begin && to[-1] != ' ' && to[-1] != ',' && !strchr(" \t\n,", p[1]) && p[1])
                        *to++ = ' ';
        *to = 0;
        cr_assert_eq(strv_split(begin, ',', &parts), 0);
        qsort(parts, strv_length(parts), sizeof(char *), compare);
        return strv_join(parts, ", ");
}

static void expect_elements(const char *set, const char *expected)
{
        _cleanup_free_ char *found = elements(set);

        cr_expect(streq_ptr(found, expected), "%s: '%s', not '%s'", set, found, expected);
}

/* Something that only a table from scratch has not. */
static void leave_mark(void)
{
        cr_assert_eq(net_engine.run_rules("add chain inet podctl test-mark", NULL), 0);
}

static bool is_marked(void)
{
        _cleanup_free_ char *text = run_nft("list chain inet podctl test-mark");

        return text;
}

/* The table of setup(), which stands for those of others. */
static void expect_others_untouched(void)
{
        _cleanup_free_ char *text = run_nft("list chain inet podctl-test c");

        cr_expect(text && strstr(text, "accept"), "%s", text);
}

/* Pods, as far as the table knows them */

#define UUID_A "00000000-0000-4000-8000-00000000000a"
#define UUID_B "00000000-0000-4000-8000-00000000000b"

typedef struct Network {
        const char *name;
        NetSubnet subnet;
} Network;

static const Network plain = { "plain", { (char *) "10.9.0.0/16", (char *) "fd09::/64", .masquerade = true } },
                     apart = { "apart", { (char *) "10.7.0.0/16", .masquerade = true, .group = 1073741831 } },
                     closed = { "closed", { (char *) "10.8.0.0/16", .restricted = true } };

static const NetPort web = { .protocol = (char *) "tcp", .host_port = 80, .port = 8080, .count = 1 },
                     range = { .protocol = (char *) "udp", .host_ip = (char *) "127.0.0.1", .host_port = 90,
                               .port = 9000, .count = 2 };

typedef struct Pod {
        NetPod pod;
        Native native;
        NetStateJoin state;
        NetHold hold;
        Attach attach;
        int lease_fd, network_fd, claims_fd;
        char *addresses[3];
} Pod;

/* It has an address of the network; its subnet is known to be chosen just now. */
static void pod_begin(Pod *p, const char *uuid, const Network *network, uint32_t index, const NetPort *ports,
                      size_t n_ports)
{
        _cleanup_free_ char *holder = NULL;
        NetPrefix prefix;
        NetAddress address;
        NetLease lease;

        *p = (Pod) {
                .pod = { .uuid = uuid, .name = "pod", .n_joins = 1, .ports = ports, .n_ports = n_ports },
                .native = { .subnet = network->subnet, .fresh = true },
                .state = { .native = true, .masquerade = network->subnet.masquerade },
                .hold.host_ns = -EBADF,
                .network_fd = net_open_network(network->name),
                .claims_fd = net_open_claims(),
        };
        cr_assert(p->network_fd >= 0 && p->claims_fd >= 0);
        cr_assert_eq(net_subnet_write(p->network_fd, &network->subnet), 0);
        cr_assert_eq(net_prefix_parse(network->subnet.subnet_text, &prefix), 0);
        cr_assert_eq(net_lease_acquire(p->network_fd, &prefix, "", index, uuid, &lease, &holder), 0);
        p->lease_fd = lease.fd;
        net_prefix_nth(&prefix, index, &address);
        p->addresses[0] = strjoin(NET_ADDRESS(&address), "/16");
        p->addresses[1] = network->subnet.subnet6_text ? strprintf("fd09::%x/64", index) : NULL;
        p->state.addresses = p->addresses;
        p->attach = (Attach) {
                .pod = &p->pod,
                .engine = &net_engine,
                .hold = &p->hold,
                .state = { .joins = &p->state, .n_joins = 1 },
                .natives = &p->native,
                .pod_ns = -EBADF,
                .claim_fd = -EBADF,
        };
}

static int pod_add(Pod *p, char **reterr_message)
{
        if (p->pod.n_ports > 0 && p->attach.claim_fd < 0) {
                int r = network_claims_take(&p->attach, reterr_message);

                if (r < 0)
                        return r;
        }
        return network_table_add(&p->attach, p->pod.n_ports > 0, reterr_message);
}

#define expect_added(p)                                                                                        \
        do {                                                                                                   \
                _cleanup_free_ char *_message_ = NULL;                                                         \
                                                                                                               \
                cr_assert_eq(pod_add((p), &_message_), 0, "%s", _message_);                                    \
        } while (0)

/* Its processes are gone, and with them their locks. Nobody has cleared away after it. */
static void pod_dies(Pod *p)
{
        net_hold_done(&p->hold);
        p->lease_fd = safe_close(p->lease_fd);
        p->attach.claim_fd = -EBADF;
}

static void pod_end(Pod *p)
{
        pod_dies(p);
        safe_close(p->network_fd);
        safe_close(p->claims_fd);
        free(p->addresses[0]);
        free(p->addresses[1]);
}

static void set_resolver(const char *text)
{
        cr_assert_eq(write_string_at(AT_FDCWD, "/etc/resolv.conf", text, 0644), 0);
}

/* Tests */

Test(network_table, rules)
{
        _cleanup_free_ char *message = NULL, *broken = NULL;

        cr_expect_not(net_engine.table_exists());
        cr_expect_eq(net_engine.run_rules("", NULL), 0);
        cr_expect_eq(net_engine.run_rules("table inet podctl { set masquerade4 { type ipv4_addr; flags interval; }; }",
                                          NULL), 0);
        cr_expect(net_engine.table_exists());
        expect_elements("masquerade4", "");

        /* All of it or nothing. */
        broken = strjoin("add element inet podctl masquerade4 { 10.1.0.0/16 }\n",
                         "add element inet podctl nowhere { 10.2.0.0/16 }\n");
        cr_expect_eq(net_engine.run_rules(broken, &message), -EIO);
        cr_expect(startswith(message, "nftables: "), "%s", message);
        cr_expect_null(strchr(message, '\n'), "%s", message);
        expect_elements("masquerade4", "");

        cr_expect_eq(net_engine.run_rules(NET_RULES_REMOVE_TABLE, NULL), 0);
        cr_expect_not(net_engine.table_exists());
        cr_expect_eq(net_engine.run_rules(NET_RULES_REMOVE_TABLE, NULL), 0);
        expect_others_untouched();
}

/* The first pod makes the table, and the next one adds to it. */
Test(network_table, pods_come)
{
        const NetPort ports[] = { web, range };
        Pod a, b;

        cr_assert_eq(write_string_at(AT_FDCWD, "/proc/sys/net/ipv4/ip_forward", "0", 0644), 0);
        pod_begin(&a, UUID_A, &plain, 2, ports, ELEMENTSOF(ports));
        expect_added(&a);
        expect_elements("masquerade4", "10.9.0.0/16");
        expect_elements("masquerade6", "fd09::/64");
        expect_elements("hairpin4", "10.9.0.2 . 10.9.0.2");
        expect_elements("hairpin6", "fd09::2 . fd09::2");
        expect_elements("ports4", "6 . 80 : 10.9.0.2 . 8080");
        expect_elements("ports6", "6 . 80 : fd09::2 . 8080");
        expect_elements("ports4_at", "127.0.0.1 . 17 . 90 : 10.9.0.2 . 9000, 127.0.0.1 . 17 . 91 : 10.9.0.2 . 9001");
        expect_elements("ports6_at", "");
        expect_elements("restricted4", "");
        expect_elements("resolver4", "");

        leave_mark();
        pod_begin(&b, UUID_B, &closed, 3, NULL, 0);
        expect_added(&b);
        cr_expect(is_marked());
        expect_elements("restricted4", "10.8.0.0/16");
        expect_elements("within4", "10.8.0.0/16 . 10.8.0.0/16");
        expect_elements("masquerade4", "10.9.0.0/16");
        expect_elements("ports4", "6 . 80 : 10.9.0.2 . 8080");
        expect_others_untouched();
        pod_end(&a);
        pod_end(&b);
}

/* What an isolated network has in the table goes with its last pod, and nothing of others goes with it. */
Test(network_table, network_without_pods)
{
        Pod a, b, c;

        pod_begin(&a, UUID_A, &plain, 2, NULL, 0);
        expect_added(&a);
        leave_mark();
        pod_begin(&b, UUID_B, &apart, 3, NULL, 0);
        expect_added(&b);
        pod_begin(&c, UUID_B, &closed, 3, NULL, 0);
        expect_added(&c);
        cr_expect(is_marked());
        expect_elements("isolated", "1073741831");
        expect_elements("together", "1073741831 . 1073741831");
        expect_elements("masquerade4", "10.7.0.0/16, 10.9.0.0/16");
        for (size_t i = 0; i < 2; i++) {
                network_table_drop(&net_engine, "apart");
                expect_elements("isolated", "");
                expect_elements("together", "");
                expect_elements("masquerade4", "10.9.0.0/16");
                expect_elements("restricted4", "10.8.0.0/16");
        }
        network_table_drop(&net_engine, "closed");
        expect_elements("restricted4", "");
        expect_elements("within4", "");
        cr_expect(is_marked());
        pod_end(&a);
        pod_end(&b);
        pod_end(&c);
}

/* Another pod of the same network, whose subnet is in the table already. */
Test(network_table, subnet_that_is_there)
{
        Pod a, b;

        pod_begin(&a, UUID_A, &plain, 2, NULL, 0);
        expect_added(&a);
        leave_mark();
        pod_begin(&b, UUID_B, &plain, 3, &web, 1);
        b.native.fresh = false;
        /* It is not put in again, as shows where it has been taken out. */
        cr_assert_eq(net_engine.run_rules("delete element inet podctl masquerade4 { 10.9.0.0/16 }", NULL), 0);
        expect_added(&b);
        cr_expect(is_marked());
        expect_elements("masquerade4", "");
        expect_elements("ports4", "6 . 80 : 10.9.0.3 . 8080");
        pod_end(&a);
        pod_end(&b);
}

/* What was left by pods that are gone does not come into a table from scratch. */
Test(network_table, leftovers)
{
        Pod a, b;

        pod_begin(&a, UUID_A, &closed, 2, &range, 1);
        expect_added(&a);
        pod_dies(&a);
        cr_assert_eq(net_engine.run_rules(NET_RULES_REMOVE_TABLE, NULL), 0);

        pod_begin(&b, UUID_B, &plain, 3, &web, 1);
        expect_added(&b);
        expect_elements("restricted4", "");
        expect_elements("within4", "");
        expect_elements("ports4_at", "");
        expect_elements("ports4", "6 . 80 : 10.9.0.3 . 8080");
        pod_end(&a);
        pod_end(&b);
}

/* A table that another version made, or somebody emptied, is made again, with all pods that run. */
Test(network_table, unfit_table)
{
        static const char *const tables[] = {
                "table inet podctl", "table inet podctl { set masquerade4 { type ipv4_addr; flags interval; }; }",
        };

        for (size_t i = 0; i < ELEMENTSOF(tables); i++) {
                _cleanup_free_ char *rules = strjoin(NET_RULES_REMOVE_TABLE, tables[i]);
                Pod a, b;

                pod_begin(&a, UUID_A, &plain, 2, &web, 1);
                expect_added(&a);
                cr_assert_eq(net_engine.run_rules(rules, NULL), 0);
                leave_mark();
                pod_begin(&b, UUID_B, &closed, 3, &range, 1);
                expect_added(&b);
                cr_expect_not(is_marked());
                expect_elements("masquerade4", "10.9.0.0/16");
                expect_elements("restricted4", "10.8.0.0/16");
                expect_elements("ports4", "6 . 80 : 10.9.0.2 . 8080");
                expect_elements("ports4_at",
                                "127.0.0.1 . 17 . 90 : 10.8.0.3 . 9000, 127.0.0.1 . 17 . 91 : 10.8.0.3 . 9001");
                pod_end(&a);
                pod_end(&b);
        }
}

/* The ports of a pod that is gone are taken out, and no others; of one that is not, nothing is. */
Test(network_table, ports_go)
{
        Pod a, b;

        pod_begin(&a, UUID_A, &plain, 2, &web, 1);
        pod_begin(&b, UUID_B, &plain, 3, &range, 1);
        expect_added(&a);
        expect_added(&b);
        leave_mark();
        network_claims_release(&net_engine, UUID_A);
        expect_elements("ports4", "6 . 80 : 10.9.0.2 . 8080");

        pod_dies(&a);
        network_claims_release(&net_engine, UUID_A);
        expect_elements("ports4", "");
        expect_elements("ports6", "");
        expect_elements("hairpin4", "10.9.0.3 . 10.9.0.3");
        expect_elements("hairpin6", "fd09::3 . fd09::3");
        expect_elements("ports4_at", "127.0.0.1 . 17 . 90 : 10.9.0.3 . 9000, 127.0.0.1 . 17 . 91 : 10.9.0.3 . 9001");
        cr_expect_lt(faccessat(a.claims_fd, UUID_A, F_OK, 0), 0);
        cr_expect(is_marked());
        /* It may be repeated. */
        network_claims_release(&net_engine, UUID_A);
        pod_end(&a);
        pod_end(&b);
}

/* A port has one pod. What a dead one has left of it makes room for the next. */
Test(network_table, port_is_taken)
{
        _cleanup_free_ char *message = NULL;
        Pod a, b;

        pod_begin(&a, UUID_A, &plain, 2, &web, 1);
        pod_begin(&b, UUID_B, &plain, 3, &web, 1);
        expect_added(&a);
        cr_expect_eq(pod_add(&b, &message), -EADDRINUSE);
        cr_expect_str_eq(message, "tcp port 80 of the host is taken by pod 'pod' (" UUID_A ")");
        expect_elements("ports4", "6 . 80 : 10.9.0.2 . 8080");

        pod_dies(&a);
        expect_added(&b);
        expect_elements("ports4", "6 . 80 : 10.9.0.3 . 8080");
        expect_elements("hairpin4", "10.9.0.3 . 10.9.0.3");
        pod_end(&a);
        pod_end(&b);
}

/* With the last pod the table goes, and no other table does. */
Test(network_table, idle)
{
        Pod a, b;

        cr_expect_eq(network_remove_idle(NULL), 0);
        cr_expect_not(net_engine.table_exists());
        pod_begin(&a, UUID_A, &closed, 2, NULL, 0);
        pod_begin(&b, UUID_B, &plain, 3, &web, 1);
        expect_added(&a);
        expect_added(&b);
        /* Its lease is given up, its ports are not. */
        b.lease_fd = safe_close(b.lease_fd);
        pod_dies(&a);
        cr_expect(network_table_is_used());
        cr_expect_eq(network_remove_idle(NULL), 0);
        cr_expect(net_engine.table_exists());

        pod_dies(&b);
        cr_expect_not(network_table_is_used());
        cr_expect_eq(network_remove_idle(NULL), 0);
        cr_expect_not(net_engine.table_exists());
        expect_others_untouched();
        pod_end(&a);
        pod_end(&b);
}

static bool routes(void)
{
        _cleanup_free_ char *text = NULL;

        cr_assert_eq(read_file_at(AT_FDCWD, "/proc/sys/net/ipv4/ip_forward", 16, &text, NULL), 0);
        return *text == '1';
}

/* Made again for the pods there are. The host routes for those that have a way out. */
Test(network_table, reload)
{
        Pod a, b;

        cr_expect_eq(network_reload(NULL), 0);
        cr_expect_not(net_engine.table_exists());

        pod_begin(&a, UUID_A, &closed, 2, NULL, 0);
        expect_added(&a);
        cr_assert_eq(write_string_at(AT_FDCWD, "/proc/sys/net/ipv4/ip_forward", "0", 0644), 0);
        cr_assert_eq(net_engine.run_rules(NET_RULES_REMOVE_TABLE, NULL), 0);
        cr_expect_eq(network_reload(NULL), 1);
        expect_elements("restricted4", "10.8.0.0/16");
        cr_expect_not(routes());

        pod_begin(&b, UUID_B, &plain, 3, NULL, 0);
        leave_mark();
        cr_expect_eq(network_reload(NULL), 1);
        cr_expect_not(is_marked());
        expect_elements("restricted4", "10.8.0.0/16");
        expect_elements("masquerade4", "10.9.0.0/16");
        cr_expect(routes());
        expect_others_untouched();
        pod_end(&a);
        pod_end(&b);
}

/* The host's name server on loopback, as it is now. */
Test(network_table, resolver)
{
        static const struct {
                const char *text, *elements;
        } cases[] = {
                { "nameserver 127.0.0.1\n", "53 : 127.0.0.1" },
                { "nameserver 192.0.2.1\n", "" },
                { "nameserver 192.0.2.1\nnameserver 127.0.0.9\n", "53 : 127.0.0.9" },
                { "nameserver 127.0.0.53\n", "" },
                { "", "" },
        };
        Pod a;

        pod_begin(&a, UUID_A, &plain, 2, NULL, 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                set_resolver(cases[i].text);
                cr_expect_eq(network_reload(NULL), 1);
                expect_elements("resolver4", cases[i].elements);
        }
        pod_end(&a);
}
