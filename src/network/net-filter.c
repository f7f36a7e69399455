/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
/* These come after the C library's headers, whose definitions they then do not repeat. */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <nftables/libnftables.h>

#include "basic/string-util.h"
#include "network/net-filter.h"
#include "network/net-rules.h"
#include "network/netlink-internal.h"
#include "shared/explain.h"

/* Asks the kernel only for this table; libnftables would fetch the whole ruleset. */
static int ask_for_table(struct nl_sock *s)
{
        struct nfgenmsg header = { .nfgen_family = NFPROTO_INET, .version = NFNETLINK_V0 };
        _cleanup_(nl_msg_cleanup) struct nl_msg *m =
                nlmsg_alloc_simple(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE, 0);
        int r;

        if (!m)
                return -NLE_NOMEM;
        r = nlmsg_append(m, &header, sizeof(header), NLMSG_ALIGNTO);
        if (r < 0)
                return r;
        r = nla_put_string(m, NFTA_TABLE_NAME, NET_TABLE);
        if (r < 0)
                return r;
        r = nl_send_auto(s, m);
        return r < 0 ? r : nl_wait_for_ack(s);
}

bool net_filter_table_exists(void)
{
        struct nl_sock *s = nl_socket_alloc();
        bool missing = s && nl_connect(s, NETLINK_NETFILTER) >= 0 && ask_for_table(s) == -NLE_OBJ_NOTFOUND;

        nl_socket_free(s);
        return !missing;
}

int net_filter_run(const char *text, char **reterr_message)
{
        struct nft_ctx *nft;
        const char *words;
        int r;

        if (isempty(text))
                return 0;
        nft = nft_ctx_new(NFT_CTX_DEFAULT);
        if (!nft)
                return -ENOMEM;
        (void) nft_ctx_buffer_error(nft);
        (void) nft_ctx_buffer_output(nft);
        r = nft_run_cmd_from_buffer(nft, text);
        words = nft_ctx_get_error_buffer(nft);
        /* The first line describes the error; the others show its position. */
        if (r != 0)
                r = explain(reterr_message, EIO, "nftables: %.*s", (int) strcspn(strempty(words), "\n"),
                            strempty(words));
        nft_ctx_free(nft);
        return r;
}
