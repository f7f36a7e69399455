/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Mounts the volumes once more, from the pod's mount namespace, in which they are peers of the host's mounts: what the
 * app mounts there appears on the host, and the other way around. What systemd binds into an app never does
 * (systemd.exec(5), MountFlags=). The pod's /proc has to be there. shared: "SOURCE:TARGET", of the pod and of the app.
 * Dies if that fails. */
void app_share(char *const *shared);
