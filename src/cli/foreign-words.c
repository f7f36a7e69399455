/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/foreign-words.h"

static const struct {
        const char *word, *hint;
} commands[] = {
        { "auto-update", "podctl update does, for pods of podctl create" },
        { "commit", "podctl export POD FILE --format=oci writes an app of an ended pod, and podctl fetch takes it" },
        { "container", "podctl list, podctl status and podctl rm are for pods" },
        { "generate", "podctl create writes a pod for systemd to start" },
        { "healthcheck", "podctl status shows the results of health checks" },
        { "image import", "podctl fetch FILE does" },
        { "image inspect", "podctl image cat-manifest does" },
        { "image load", "podctl fetch FILE does" },
        { "image prune", "podctl image gc does" },
        { "image pull", "podctl fetch docker://NAME does" },
        { "image save", "podctl image export does" },
        { "image rmi", "podctl image rm does" },
        { "images", "podctl image list does" },
        { "import", "podctl fetch FILE does" },
        { "info", "podctl check --host and podctl config do" },
        { "history", "podctl image cat-manifest shows an image's config and layers" },
        { "kill", "podctl stop --force does" },
        { "load", "podctl fetch FILE does" },
        { "login", "podman login and skopeo login keep credentials where podctl finds them" },
        { "ls", "podctl list does" },
        { "network connect", "a pod has its networks from its start on; podctl run --net=NETWORK,… names them" },
        { "network create", "networks are files, see podctl-net.d(5)" },
        { "network disconnect", "a pod has its networks from its start on; podctl run --net=NETWORK,… names them" },
        { "network ls", "podctl network list does" },
        { "network prune", "networks are files, and what podctl makes for them ends with their last pod" },
        { "network rm", "networks are files, see podctl-net.d(5); remove the one that podctl network list shows" },
        { "pause", "systemctl freeze podctl-NAME.service does" },
        { "play", "podctl create writes a pod for systemd to start, podctl-pods.d(5) has an example of several apps" },
        { "pod", "podctl list, podctl status and podctl rm are for pods" },
        { "prune", "podctl gc and podctl image gc do" },
        { "ps", "podctl list does" },
        { "pull", "podctl fetch docker://NAME does" },
        { "push", "podctl image push does" },
        { "rmi", "podctl image rm does" },
        { "save", "podctl image export does" },
        { "secret", "secrets are files or of systemd-creds, podctl run IMAGE --credential=NAME=SOURCE" },
        { "start", "systemctl start pod@NAME does, for pods of podctl create; podctl run-prepared for prepared ones" },
        { "system prune", "podctl gc and podctl image gc remove what is unused" },
        { "tag", "podctl image tag does" },
        { "untag", "podctl image untag does" },
        { "volume ls", "podctl volume list does" },
        { "wait", "podctl status --wait does" },
};

static const struct {
        const char *verb;       /* NULL: all commands that make pods */
        const char *word, *hint;
} options[] = {
        { NULL, "--add-host", "write --hosts-entry=IP=NAME" },
        { NULL, "--cap-add", "write --caps-retain=CAP,… after the image, with all that it needs" },
        { NULL, "--cap-drop", "write --caps-remove=CAP,… after the image" },
        { NULL, "--cpus", "write --cpu=N after the image" },
        { NULL, "--entrypoint", "write --exec=PROGRAM after the image" },
        { NULL, "--env", "write --environment=NAME=VALUE after the image, or --set-env=NAME=VALUE for all" },
        { NULL, "--env-file", "write --set-env-file=FILE" },
        { NULL, "--ip", "write --net=default:IP=ADDRESS" },
        { NULL, "--label", "write --user-label=NAME=VALUE" },
        { NULL, "--link", "pods of a network find each other by their names" },
        { NULL, "--log-driver", "write --log=both, pod, host or none" },
        { NULL, "--network", "write --net=NETWORK" },
        { NULL, "--network-alias", "write --net-alias=NAME" },
        { NULL, "--pids-limit", "write --property=TasksMax=N" },
        { NULL, "--privileged",
          "there is no such switch; give the app what it needs: --caps-retain, --device, --insecure-options" },
        { NULL, "--publish", "write --port=8080:80" },
        { NULL, "--pull", "write --pull-policy=new, update or never" },
        { NULL, "--read-only", "write --readonly-rootfs after the image" },
        { NULL, "--rm", "not needed: podctl gc removes a pod some time after its end" },
        { NULL, "--tmpfs", "write --volume=NAME,kind=tmpfs --mount=volume=NAME,target=PATH" },
        { NULL, "--tty", "write --interactive, or --stdin=interactive after the image" },
        { NULL, "--workdir", "write --working-dir=DIR after the image" },
        { NULL, "-it", "write -i, which gives the app a terminal if podctl has one" },
        { NULL, "-ti", "write -i, which gives the app a terminal if podctl has one" },
        { NULL, "-t", "write -i, which gives the app a terminal if podctl has one" },
        { NULL, "-m", "write --memory=QUANTITY after the image" },
        { NULL, "-c", "options of the program go after --, as in busybox -- sh -c COMMAND" },
        { NULL, "--cidfile", "write --uuid-file-save=FILE" },
        { NULL, "--init", "not needed: PID 1 of a pod is a systemd" },
        { NULL, "--secret", "write --credential=NAME=FILE after the image, with ,env=VARIABLE for type=env" },
        { NULL, "--security-opt", "write --seccomp=, --apparmor=, --selinux= or --no-new-privileges after the image" },
        { NULL, "--shm-size", "write --volume=NAME,kind=tmpfs,size=SIZE --mount=volume=NAME,target=/dev/shm" },
        { NULL, "--ulimit", "write --rlimit=NAME=SOFT:HARD after the image" },
        { NULL, "--userns", "write --private-users=no to do without a user namespace" },
        { NULL, "-u", "write --user=USER after the image" },
        { NULL, "-P", "write --port=PORT:PORT, such as --port=8080:80" },
        { NULL, "-v", "write --volume=NAME,kind=host,source=PATH --mount=volume=NAME,target=PATH" },
        { NULL, "-w", "write --working-dir=DIR after the image" },
        { "exec", "-it", "the command gets a terminal if podctl has one" },
        { "exec", "-ti", "the command gets a terminal if podctl has one" },
        { "exec", "-t", "the command gets a terminal if podctl has one" },
        { "exec", "-i", "the command gets the standard input" },
        { "exec", "--user", "podctl exec runs as the app's user, podctl enter as root" },
        { "exec", "-u", "podctl exec runs as the app's user, podctl enter as root" },
        { "image list", "-a", "all images are listed" },
        { "image list", "--all", "all images are listed" },
        { "list", "-q", "podctl list --no-legend, or --format=json for programs" },
        { "list", "--quiet", "podctl list --no-legend, or --format=json for programs" },
        { "logs", "--tail", "write --lines=N" },
        { "rm", "-f", "podctl stop --force POD ends it first" },
        { "rm", "--force", "podctl stop --force POD ends it first" },
        { "stats", "--no-stream", "it ends after one look, unless --watch is given" },
        { "stop", "--time-out", "write --time=TIME" },
};

const char *foreign_command(const char *word)
{
        for (size_t i = 0; i < ELEMENTSOF(commands); i++)
                if (streq(commands[i].word, word))
                        return commands[i].hint;
        return NULL;
}

static bool makes_pods(const char *verb)
{
        return streq(verb, "run") || streq(verb, "prepare") || streq(verb, "create");
}

const char *foreign_option(const char *verb, const char *word)
{
        size_t n = strcspn(word, "=");

        for (size_t i = 0; i < ELEMENTSOF(options); i++)
                if (strlen(options[i].word) == n && strncmp(options[i].word, word, n) == 0 &&
                    (options[i].verb ? streq(options[i].verb, verb) : makes_pods(verb)))
                        return options[i].hint;
        return NULL;
}
