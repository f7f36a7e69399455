/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "foreign/quadlet/podman-run.h"

Test(podman_run, command_lines)
{
        static const struct {
                const char *line, *expected; /* words are separated by '|' in both; '!': a message */
        } cases[] = {
                { "podman|run|i", "Image=i" },
                { "sudo|/usr/bin/docker|container|run|-d|--rm|-it|i",
                  "PodmanArgs=--interactive|PodmanArgs=--tty|Image=i" },
                { "podman|run|-p|80:80|--publish=81:81|-p82:82|-dp|83:83|i",
                  "PublishPort=80:80|PublishPort=81:81|PublishPort=82:82|PublishPort=83:83|Image=i" },
                { "podman|run|-e|A=b c|--env=D=\"e\\|i|sh|-c|echo $X 100%",
                  "Environment=\"A=b c\"|Environment=\"D=\\\"e\\\\\"|Image=i|Exec=\"sh\" \"-c\" \"echo $$X 100%%\"" },
                { "podman|run|--restart=unless-stopped|--restart|on-failure:3|i",
                  "Restart=always|--restart=on-failure:3|Image=i" },
                { "podman|run|--security-opt|unmask=ALL|--cpu-shares=9|i", "Unmask=ALL|--cpu-shares=9|Image=i" },
                { "podman|run|--read-only|--read-only-tmpfs=false|--|i|-d",
                  "ReadOnly=true|ReadOnlyTmpfs=false|Image=i|Exec=\"-d\"" },
                { "podman|run|--cpus=1.5|i", "CPUQuota=150%|Image=i" },
                { "podman|run|--cpus=nan|i", "--cpus=nan|Image=i" },
                { "podman|run|--memory-swap|1g|--rmi|--http-proxy=false|--detach-keys|^x|--retry=3|i",
                  "--memory-swap=1g|--rmi=true|HttpProxy=false|Retry=3|Image=i" },
                { "podman|run|--privileged|i", "--privileged=true|Image=i" },
                { "podman|run", "!The command line of podman run names no image" },
                { "podman|run|--security-opt|no-new-privileges|--security-opt=seccomp=/f|--sysctl=a=b c|i",
                  "NoNewPrivileges=true|SeccompProfile=/f|Sysctl=\"a=b c\"|Image=i" },
                { "podman|run|--security-opt=mask=/x|i", "--security-opt=mask=/x|Image=i" },
                { "podman|run|-p", "!Option '-p' of podman run needs a value" },
                { "podman|run|--name", "!Option '--name' of podman run needs a value" },
                { "podman|run|--nmae=x|i", "!Option '--nmae=x' of podman run is not known here; leave it away" },
                { "podman|run|-dZ|i", "!Option '-dZ' of podman run is not known here; leave it away" },
                { "podman|ps", "!'podman ps' is not podman run" },
                { "sh|-c|x", "!'sh' is not podman run or docker run; arguments of an image go behind it" },
                { "sudo", "!'' is not podman run or docker run; arguments of an image go behind it" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_strv_free_ char **words = NULL, **lines = NULL;
                _cleanup_free_ char *message = NULL, *text = NULL;
                QuadletFile f = {};
                int r;

                cr_assert_eq(strv_split(cases[i].line, '|', &words), 0);
                r = podman_run_parse(words, "web", &f, &message);
                for (size_t k = 0; k < f.n_entries; k++)
                        cr_assert_geq(strv_extendf(&lines, "%s=%s", f.entries[k].key, f.entries[k].value), 0);
                text = r < 0 ? strjoin("!", strempty(message)) : strv_join(lines, "|");
                cr_expect_str_eq(text, cases[i].expected, "%s: %s", cases[i].line, text);
                quadlet_file_done(&f);
        }
}

Test(podman_run, arguments_of_files)
{
        static const struct {
                const char *line, *expected;
        } cases[] = {
                { "--memory=64m --cpus 0.5", "Image=i|Memory=64m|CPUQuota=50%|Exec=x" },
                { "--env \"A=b c\" --hostname=%H", "Image=i|Environment=\"A=b c\"|HostName=%H|Exec=x" },
                { "--memory-swappiness=1", "Image=i|--memory-swappiness=1|Exec=x" },
                { "--nmae=x --memory=1m", "Image=i|PodmanArgs=--nmae=x --memory=1m|Exec=x" },
                { "word", "Image=i|PodmanArgs=word|Exec=x" },
                { "--memory", "Image=i|PodmanArgs=--memory|Exec=x" },
                { "--env \"A", "Image=i|PodmanArgs=--env \"A|Exec=x" },
                { "--rm", "Image=i|Exec=x" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = strprintf("[Container]\nImage=i\nPodmanArgs=%s\nExec=x\n", cases[i].line),
                                    *found = NULL;
                _cleanup_strv_free_ char **lines = NULL;
                QuadletFile f = {};

                cr_assert_eq(quadlet_file_parse(&f, "/a.container", text, strlen(text), NULL), 0);
                cr_assert_eq(podman_run_expand_arguments(&f), 0);
                for (size_t k = 0; k < f.n_entries; k++) {
                        cr_assert_geq(strv_extendf(&lines, "%s=%s", f.entries[k].key, f.entries[k].value), 0);
                        cr_expect_str_eq(f.entries[k].file, "/a.container");
                        cr_expect_eq(f.entries[k].line, k == 0 ? 2 : streq(f.entries[k].key, "Exec") ? 4 : 3);
                }
                found = strv_join(lines, "|");
                cr_expect_str_eq(found, cases[i].expected, "%s: %s", cases[i].line, found);
                quadlet_file_done(&f);
        }
}

/* Those that a pod has keys for, and others under their own names. */
Test(podman_run, arguments_of_pods)
{
        static const char text[] = "[Pod]\n"
                                   "PodmanArgs=--dns=1.1.1.1 --sysctl a=b --cpus=2 --memory=1g --label=c=d --gpus=1\n",
                          expected[] = "Pod DNS=1.1.1.1|Pod --sysctl=\"a=b\"|Service CPUQuota=200%|Pod --memory=1g|"
                                       "Pod Label=\"c=d\"|Pod --gpus=1";
        _cleanup_strv_free_ char **lines = NULL;
        _cleanup_free_ char *found = NULL;
        QuadletFile f = {};

        cr_assert_eq(quadlet_file_parse(&f, "/a.pod", text, strlen(text), NULL), 0);
        cr_assert_eq(podman_run_expand_arguments(&f), 0);
        for (size_t k = 0; k < f.n_entries; k++) {
                cr_assert_geq(strv_extendf(&lines, "%s %s=%s", f.entries[k].section, f.entries[k].key,
                                           f.entries[k].value), 0);
                cr_expect(startswith(f.entries[k].typed, "[Pod] PodmanArgs=--"), "%s", f.entries[k].typed);
        }
        found = strv_join(lines, "|");
        cr_expect_str_eq(found, expected, "%s", found);
        quadlet_file_done(&f);
}
