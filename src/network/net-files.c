/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manifest/appc-image.h"
#include "network/net-files.h"
#include "shared/explain.h"

static int finish(FILE *f, char **text, char **ret)
{
        if (fclose(f) != 0) {
                free(*text);
                return -ENOMEM;
        }
        *ret = *text;
        return 0;
}

static void write_words(FILE *f, const char *keyword, char *const *words)
{
        if (strv_length(words) == 0)
                return;
        (void) fputs(keyword, f);
        STRV_FOREACH(word, words)
                (void) fprintf(f, " %s", *word);
        (void) fputc('\n', f);
}

int net_resolv_conf_format(const NetDns *dns, char **ret)
{
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return -ENOMEM;
        write_words(f, "search", dns->search);
        STRV_FOREACH(server, dns->nameservers)
                (void) fprintf(f, "nameserver %s\n", *server);
        write_words(f, "options", dns->options);
        if (!isempty(dns->domain))
                (void) fprintf(f, "domain %s\n", dns->domain);
        return finish(f, &text, ret);
}

int net_hosts_format(const char *hostname, char *const *entries, char **ret)
{
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return -ENOMEM;
        (void) fprintf(f, "127.0.0.1 %s localhost\n::1 %s localhost ip6-localhost ip6-loopback\n", hostname, hostname);
        STRV_FOREACH(line, entries)
                (void) fprintf(f, "%s\n", *line);
        return finish(f, &text, ret);
}

static bool is_host_name(const char *s)
{
        return !isempty(s) && strlen(s) <= 253 && string_in_charset(s, LOWERCASE UPPERCASE DIGITS "-._");
}

int net_hosts_entry_parse(const char *text, char ***ret_lines, char **reterr_message)
{
        _cleanup_strv_free_ char **entries = NULL;

        if (strv_split(text, ',', &entries) < 0)
                return -ENOMEM;
        STRV_FOREACH(entry, entries) {
                _cleanup_free_ char *address = NULL, *name = NULL;
                NetAddress parsed;

                if (split_pair(*entry, '=', &address, &name) < 0)
                        return -ENOMEM;
                if ((net_address_parse(address, &parsed) < 0 && !streq(address, APPC_HOST_GATEWAY)) ||
                    !is_host_name(name))
                        return explain(reterr_message, EINVAL, "takes IP=NAME, " APPC_HOST_GATEWAY "=NAME or host, not "
                                       "'%s'", *entry);
                if (strv_extendf(ret_lines, "%s %s", address, name) < 0)
                        return -ENOMEM;
        }
        return 0;
}

int net_hosts_settle(char *const *entries, const char *host, char ***ret, char **reterr_message)
{
        _cleanup_strv_free_ char **settled = NULL;

        STRV_FOREACH(entry, entries) {
                const char *names = startswith(*entry, APPC_HOST_GATEWAY " ");
                int r;

                if (names && !host)
                        return explain(reterr_message, EADDRNOTAVAIL, "'%s' cannot have the host's address: no network "
                                       "of the pod has one; write the address in place of " APPC_HOST_GATEWAY, names);
                r = names ? strv_extendf(&settled, "%s %s", host, names) : strv_extend(&settled, *entry);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(settled);
        return 0;
}

int net_dns_check(const NetDns *dns, char **reterr_message)
{
        char *const *const lists[] = { dns->search, dns->options };

        STRV_FOREACH(server, dns->nameservers) {
                NetAddress ignored;

                if (net_address_parse(*server, &ignored) < 0)
                        return explain(reterr_message, EINVAL, "'%s' is not a valid IP address", *server);
        }
        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                STRV_FOREACH(word, lists[i])
                        if (!string_is_ascii_printable(*word) || strchr(*word, ' '))
                                return explain(reterr_message, EINVAL, "'%s' is not valid in resolv.conf", *word);
        if (dns->domain && !is_host_name(dns->domain))
                return explain(reterr_message, EINVAL, "'%s' is not a valid domain", dns->domain);
        return 0;
}
