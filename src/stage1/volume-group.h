/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

/* Gives all files of a named volume to the group, with the rights to write them, and its directories the bit by which
 * what is made in them is the group's, too: as Kubernetes does with fsGroup ("Configure a Security Context for a Pod").
 * The top directory is done last, and if it is right, nothing is: a volume is walked through once. IDs are those that
 * the pods see. */
int volume_group_apply(int data_fd, gid_t group);
